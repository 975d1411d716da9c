import type { FastifyInstance } from 'fastify';
import { html } from '../html/html.ts';
import { passwordMatches } from '../users/password.ts';
import { signIn, signOut, userByEmail } from '../users/shopper.ts';
import type { Admin } from './admin.ts';
import { token } from './admin-layout.ts';
import { mayDo } from './permission.ts';

const hide = { schema: { hide: true } };

/**
 * Signing in and out of the admin. Ten attempts a minute from one address; the same answer for an unknown address, a wrong
 * password and a customer.
 *
 * @example
 * loginRoutes(scope, pages);
 */
export function loginRoutes(scope: FastifyInstance, pages: Admin): void {
  scope.get('/admin/login/', hide, (_request, reply) => pages.send(reply, undefined, loginForm()));

  scope.post<{ Body: { email: string; password: string } }>(
    '/admin/login/',
    {
      preHandler: scope.csrfProtection,
      config: { rateLimit: { max: 10, timeWindow: '1 minute' } },
      schema: {
        hide: true,
        body: {
          type: 'object',
          required: ['email', 'password'],
          properties: {
            email: { type: 'string', maxLength: 254 },
            password: { type: 'string', maxLength: 500 },
          },
        },
      },
    },
    async (request, reply) => {
      const user = await userByEmail(pages.shop.database, request.body.email);
      const matches = user !== undefined && (await passwordMatches(request.body.password, user.password));
      if (!matches || !mayDo(user, 'look')) {
        return pages.send(reply.code(403), undefined, loginForm('Вход не удался. / Signing in failed.'));
      }
      await signIn(pages.shop.database, request, reply, user);
      return reply.redirect('/admin/', 303);
    },
  );

  scope.post('/admin/logout/', { ...hide, preHandler: scope.csrfProtection }, async (_request, reply) => {
    signOut(reply);
    return reply.redirect('/admin/login/', 303);
  });
}

function loginForm(problem?: string): Parameters<Admin['send']>[2] {
  return {
    title: 'Вход / Sign in',
    body: (
      visit,
    ) => html`${problem === undefined ? null : html`<p class="notice bad" role="alert">${problem}</p>`}
<form class="stacked" method="post" action="/admin/login/">${token(visit)}
<label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="username" required>
<label for="password">Пароль / Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Войти / Sign in</button></form>`,
  };
}
