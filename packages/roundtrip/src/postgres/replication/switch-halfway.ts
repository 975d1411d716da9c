import { Refused } from '../../errors.ts';

/** For whatever needs the old database under the live name. */
export function switchHalfway(liveName: string, position: 'between' | 'after'): Refused {
  return new Refused({
    code: 'switch-halfway',
    seen:
      position === 'after'
        ? `${liveName} is the new database by now`
        : `an exchange of names was begun and not completed: no database is named ${liveName}`,
    expected: `${liveName} to be the old database`,
    next: 'resume: the switch that was begun is settled first',
  });
}
