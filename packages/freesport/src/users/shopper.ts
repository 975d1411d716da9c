import { createHash, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { adoptCart } from '../cart/adopt-cart.ts';
import type { CartOwner } from '../cart/cart.ts';
import type { Database, Queryable } from '../database/database.ts';
import { isRole, type Role } from './role.ts';

/** A signed-in user as requests see him. */
export interface SignedInUser {
  readonly id: number;
  readonly email: string;
  readonly role: Role;
  readonly isStaff: boolean;
}

const USER_COOKIE = 'freesport_user';
const SESSION_COOKIE = 'freesport_session';
const SIGN_IN_AGE_MAX_S = 14 * 24 * 3600;
const SESSION_AGE_MAX_S = 90 * 24 * 3600;
const COOKIE = { path: '/', httpOnly: true, sameSite: 'lax', signed: true } as const;

/**
 * Who sends a request, from cookies this shop has signed; undefined for an anonymous one. Sessions live in the cookie
 * and not in a table, so that a switch between databases signs nobody out. The password's fingerprint is part of it:
 * a changed password ends every session, as in Django.
 *
 * @example
 * const user = await signedInUser(database, request);
 */
export async function signedInUser(
  db: Queryable,
  request: FastifyRequest,
): Promise<SignedInUser | undefined> {
  const value = signedCookie(request, USER_COOKIE);
  if (value === undefined) return undefined;
  const [id, issuedAt, fingerprint] = value.split('.');
  if (Date.now() / 1000 - Number(issuedAt) > SIGN_IN_AGE_MAX_S) return undefined;
  const user = await userRow(db, 'id = $1', Number(id));
  if (user === undefined || passwordFingerprint(user.password) !== fingerprint) return undefined;
  return { id: user.id, email: user.email, role: user.role, isStaff: user.isStaff };
}

/**
 * Signs a user in: sets the cookie that `signedInUser` reads, and gives him the cart that he filled as a visitor.
 *
 * @example
 * await signIn(database, request, reply, user);
 */
export async function signIn(
  database: Database,
  request: FastifyRequest,
  reply: FastifyReply,
  user: { readonly id: number; readonly password: string },
): Promise<void> {
  const sessionKey = signedCookie(request, SESSION_COOKIE);
  if (sessionKey !== undefined) {
    await database.transaction((connection) => adoptCart(connection, { sessionKey, userId: user.id }));
  }
  const value = [user.id, Math.floor(Date.now() / 1000), passwordFingerprint(user.password)].join('.');
  void reply.setCookie(USER_COOKIE, value, { ...COOKIE, maxAge: SIGN_IN_AGE_MAX_S });
}

/** Takes it away again. */
export function signOut(reply: FastifyReply): void {
  void reply.clearCookie(USER_COOKIE, { path: '/' });
}

/** A user with his password hash by e-mail, for signing in. */
export async function userByEmail(
  db: Queryable,
  email: string,
): Promise<(SignedInUser & { readonly password: string }) | undefined> {
  return await userRow(db, 'lower(email) = lower($1)', email);
}

/**
 * Whose cart a request means: the user's, else the session's. `start` gives a new visitor a session cookie.
 *
 * @example
 * const owner = cartOwner(request, reply, user, { start: true });
 */
export function cartOwner(
  request: FastifyRequest,
  reply: FastifyReply,
  user: SignedInUser | undefined,
  options: { readonly start: boolean },
): CartOwner | undefined {
  if (user !== undefined) return { kind: 'user', userId: user.id };
  const key = signedCookie(request, SESSION_COOKIE);
  if (key !== undefined) return { kind: 'session', key };
  if (!options.start) return undefined;
  const fresh = randomBytes(24).toString('base64url');
  void reply.setCookie(SESSION_COOKIE, fresh, { ...COOKIE, maxAge: SESSION_AGE_MAX_S });
  return { kind: 'session', key: fresh };
}

/** The value of a cookie whose signature is ours, else undefined. */
export function signedCookie(request: FastifyRequest, name: string): string | undefined {
  const raw = request.cookies[name];
  if (raw === undefined) return undefined;
  const unsigned = request.unsignCookie(raw);
  return unsigned.valid && unsigned.value !== null ? unsigned.value : undefined;
}

async function userRow(
  db: Queryable,
  condition: string,
  value: unknown,
): Promise<(SignedInUser & { readonly password: string }) | undefined> {
  const [row] = await db.query<{
    id: number;
    email: string;
    role: string;
    is_staff: boolean;
    password: string;
  }>(
    `SELECT id, coalesce(email, '') AS email, role, is_staff, password FROM users WHERE is_active AND ${condition} LIMIT 1`,
    [value],
  );
  if (row === undefined) return undefined;
  const role = isRole(row.role) ? row.role : 'retail';
  return { id: row.id, email: row.email, role, isStaff: row.is_staff, password: row.password };
}

function passwordFingerprint(password: string): string {
  return createHash('sha256').update(`freesport session ${password}`).digest('base64url').slice(0, 16);
}
