import type { SeedOptions } from './seed-options.ts';

/** The shop's time: seeds do not read the clock. */
export const SEED_NOW = `timestamptz '2025-11-30 12:00:00+00'`;

const FIRST_NAMES = `ARRAY['Анна','Борис','Вера','Глеб','Дарья','Егор','Жанна','Захар','Ирина','Кирилл','Лариса','Максим']`;
const LAST_NAMES = `ARRAY['Иванов','Петров','Сидорова','Кузнецов','Смирнова','Волков','Зайцева','Лебедев','Орлова','Соколов']`;
const CITIES = `ARRAY['Москва','Санкт-Петербург','Казань','Екатеринбург','Новосибирск','Ставрополь','Самара']`;

/**
 * SQL that makes users, companies and addresses. Seven in ten buy retail. Nobody has a usable password.
 *
 * @example
 * await client.query(peopleSql({ users: 1000, ... }));
 */
export function peopleSql(options: SeedOptions): string {
  const { users } = options;
  return `
    INSERT INTO users (id, password, first_name, last_name, email, role, phone, company_name, tax_id, is_verified,
      onec_id, onec_guid, sync_status, date_joined, created_at, updated_at)
    SELECT u, '!', (${FIRST_NAMES})[1 + pg_temp.pick(u, 1, 12)], (${LAST_NAMES})[1 + pg_temp.pick(u, 2, 10)],
      'buyer' || u || '@example.com', role,
      '+79' || lpad(pg_temp.pick(u, 3, 1000000000)::text, 9, '0'),
      CASE WHEN role <> 'retail' THEN 'ООО «Спорт-' || u || '»' ELSE '' END,
      CASE WHEN role <> 'retail' THEN lpad(pg_temp.pick(u, 4, 10000000000)::text, 10, '0') ELSE '' END,
      pg_temp.pick(u, 5, 10) < 8,
      CASE WHEN pg_temp.pick(u, 6, 3) = 0 THEN 'user-' || u END,
      CASE WHEN pg_temp.pick(u, 6, 3) = 0 THEN md5('user' || u)::uuid END,
      CASE WHEN pg_temp.pick(u, 6, 3) = 0 THEN 'synced' ELSE 'pending' END, joined, joined, joined
    FROM (SELECT u, (ARRAY['retail','retail','retail','retail','retail','retail','retail','wholesale_level1',
        'wholesale_level2','wholesale_level3','trainer','federation_rep'])[1 + pg_temp.pick(u, 7, 12)] AS role,
      ${SEED_NOW} - make_interval(mins => pg_temp.pick(u, 8, 1500000)::int) AS joined
      FROM generate_series(1, ${users}::bigint) u) fresh;

    INSERT INTO companies (id, user_id, legal_name, tax_id, created_at, updated_at)
    SELECT id, id, company_name, tax_id, created_at, created_at FROM users WHERE company_name <> '' ORDER BY id;

    INSERT INTO addresses (id, user_id, full_name, phone, city, street, building, postal_code, is_default, created_at, updated_at)
    SELECT id, id, last_name || ' ' || first_name, phone, (${CITIES})[1 + pg_temp.pick(id, 10, 7)],
      'ул. Спортивная', (1 + pg_temp.pick(id, 11, 120))::text, lpad(pg_temp.pick(id, 12, 1000000)::text, 6, '0'), true,
      created_at, created_at
    FROM users WHERE pg_temp.pick(id, 9, 2) = 0 ORDER BY id;`;
}
