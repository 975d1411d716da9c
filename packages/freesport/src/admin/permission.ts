import { ShopError } from '../errors.ts';
import type { SignedInUser } from '../users/shopper.ts';

/** What an administrator does. Staff edits the catalogue's colours and looks; the role `admin` also starts imports. */
export type Permission = 'look' | 'edit-colors' | 'start-import';

/**
 * Whether a user may do something in the admin.
 *
 * @example
 * mayDo(user, 'start-import');
 */
export function mayDo(user: SignedInUser, permission: Permission): boolean {
  if (user.role === 'admin') return true;
  return user.isStaff && permission !== 'start-import';
}

/** @throws ShopError `forbidden` where `mayDo` says no. */
export function demand(user: SignedInUser | undefined, permission: Permission): SignedInUser {
  if (user === undefined || !mayDo(user, permission)) {
    throw new ShopError('forbidden', 'Для этого нужны права администратора. / This needs an administrator.');
  }
  return user;
}
