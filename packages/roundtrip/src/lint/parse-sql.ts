import { hasSqlDetails, parse } from 'libpg-query';
import type { LintFinding, Statement } from './statement.ts';

/** A migration's text with the name that messages give it. */
export interface SqlFile {
  readonly name: string;
  readonly text: string;
}

/** psql's own commands (\set, \i) are no SQL: left blank, so that lines keep their numbers. */
const META_COMMAND = /^\\.*$/gm;

/**
 * The statements of a file, by the grammar of PostgreSQL 18, which reads all that 15 to 17 do. A file that it does not read is a finding:
 * what is not understood cannot be called safe.
 */
export async function parseSql(
  file: SqlFile,
): Promise<{ readonly statements: readonly Statement[]; readonly findings: readonly LintFinding[] }> {
  const text = file.text.replaceAll(META_COMMAND, (command) => ' '.repeat(Buffer.byteLength(command)));
  if (text.trim() === '') return { statements: [], findings: [] };
  const bytes = Buffer.from(text);
  try {
    const { stmts = [] } = await parse(text);
    return { statements: stmts.flatMap((raw) => statementOf(file.name, bytes, raw)), findings: [] };
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    const { message, cursorPosition } = error.sqlDetails ?? { message: '', cursorPosition: 0 };
    return {
      statements: [],
      findings: [
        {
          code: 'ddl-unparsable',
          severity: 'refusal',
          file: file.name,
          // The parser counts characters here, and bytes where a statement begins.
          line: lineAt(text.slice(0, cursorPosition)),
          seen: message,
          expected: 'SQL that PostgreSQL reads',
          cure: 'correct it; nothing of this file was looked at',
        },
      ],
    };
  }
}

type Raw = NonNullable<Awaited<ReturnType<typeof parse>>['stmts']>[number];

function statementOf(file: string, bytes: Buffer, raw: Raw): Statement[] {
  if (raw.stmt === undefined) return [];
  const begin = raw.stmt_location ?? 0;
  // The last statement of a file has no length where no semicolon ends it.
  const end = raw.stmt_len === undefined || raw.stmt_len === 0 ? bytes.length : begin + raw.stmt_len;
  const whole = bytes.subarray(begin, end).toString();
  const sql = whole.replace(/^(\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/, '');
  const line = lineAt(bytes.subarray(0, begin).toString() + whole.slice(0, whole.length - sql.length));
  return [{ file, line, sql: sql.trim(), node: raw.stmt }];
}

function lineAt(before: string): number {
  return before.split('\n').length;
}
