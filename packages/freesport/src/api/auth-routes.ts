import type { FastifyInstance } from 'fastify';
import { ShopError } from '../errors.ts';
import { passwordMatches } from '../users/password.ts';
import { signedInUser, signIn, signOut, userByEmail } from '../users/shopper.ts';
import { errorSchema } from './schemas.ts';
import type { Shop } from './shop.ts';

const userSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'email', 'role'],
  properties: { id: { type: 'integer' }, email: { type: 'string' }, role: { type: 'string' } },
} as const;

/**
 * `/api/auth/login/`, `/api/auth/logout/` and `/api/auth/me/`: signing in decides prices and whose cart it is.
 *
 * @example
 * authRoutes(app, shop);
 */
export function authRoutes(app: FastifyInstance, shop: Shop): void {
  app.post<{ Body: { email: string; password: string } }>(
    '/api/auth/login/',
    {
      config: { rateLimit: { max: 10, timeWindow: '1 minute' } },
      schema: {
        summary: 'Sign in',
        body: {
          type: 'object',
          additionalProperties: false,
          required: ['email', 'password'],
          properties: {
            email: { type: 'string', maxLength: 254 },
            password: { type: 'string', maxLength: 500 },
          },
        },
        response: { 200: userSchema, 403: errorSchema, 429: errorSchema },
      },
    },
    async (request, reply) => {
      const user = await userByEmail(shop.database, request.body.email);
      if (user === undefined || !(await passwordMatches(request.body.password, user.password))) {
        throw new ShopError('forbidden', 'the e-mail address and the password do not belong together');
      }
      await signIn(shop.database, request, reply, user);
      return { id: user.id, email: user.email, role: user.role };
    },
  );

  app.post(
    '/api/auth/logout/',
    { schema: { summary: 'Sign out', response: { 204: { type: 'null' } } } },
    async (_request, reply) => {
      signOut(reply);
      return reply.code(204).send();
    },
  );

  app.get(
    '/api/auth/me/',
    { schema: { summary: 'Who is signed in', response: { 200: userSchema, 404: errorSchema } } },
    async (request) => {
      const user = await signedInUser(shop.database, request);
      if (user === undefined) throw new ShopError('not-found', 'nobody is signed in');
      return { id: user.id, email: user.email, role: user.role };
    },
  );
}
