import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Shop } from '../api/shop.ts';
import { type CartOwner, ownerCondition, ownerValue } from '../cart/cart.ts';
import type { Role } from '../users/role.ts';
import { cartOwner, type SignedInUser, signedInUser } from '../users/shopper.ts';
import { type Language, languageCookie, requestLanguage } from './language.ts';
import { type Messages, messagesOf } from './messages.ts';

/** Who looks at a page, in which language. */
export interface Visit {
  readonly language: Language;
  readonly t: Messages;
  readonly user: SignedInUser | undefined;
  readonly role: Role;
  readonly owner: CartOwner | undefined;
  /** Pieces in the cart, for the header. */
  readonly cartCount: number;
  /** Path and query without `lang`, for the language switch. */
  readonly here: string;
  /** Token of this browser's forms. */
  readonly csrf: string;
}

/**
 * Reads who visits. `?lang=` is remembered; a cart is only started by a form that fills it.
 *
 * @example
 * const visit = await readVisit(shop, request, reply);
 */
export async function readVisit(shop: Shop, request: FastifyRequest, reply: FastifyReply): Promise<Visit> {
  const language = requestLanguage(request);
  if ((request.query as { lang?: unknown }).lang === language) {
    void reply.setCookie(languageCookie, language, { path: '/', sameSite: 'lax', maxAge: 365 * 24 * 3600 });
  }
  const user = await signedInUser(shop.database, request);
  const owner = cartOwner(request, reply, user, { start: false });
  return {
    language,
    t: messagesOf(language),
    user,
    role: user?.role ?? 'retail',
    owner,
    cartCount: owner === undefined ? 0 : await countCart(shop, owner),
    here: withoutLanguage(request.url),
    csrf: reply.generateCsrf(),
  };
}

async function countCart(shop: Shop, owner: CartOwner): Promise<number> {
  const [row] = await shop.database.query<{ count: number }>(
    `SELECT coalesce(sum(i.quantity), 0)::int AS count FROM cart_items i JOIN carts c ON c.id = i.cart_id
     WHERE ${ownerCondition(owner)}`,
    [ownerValue(owner)],
  );
  return row?.count ?? 0;
}

function withoutLanguage(url: string): string {
  const parsed = new URL(url, 'http://localhost');
  parsed.searchParams.delete('lang');
  return `${parsed.pathname}${parsed.search}`;
}
