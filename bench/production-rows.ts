import type { PrivateCluster } from 'pg-cluster';

const WORDS =
  `лёгкий прочный дышащий мембрана подошва шнуровка вставка боковой усиленный мягкий стелька размер сезон зимний летний беговой игровой
  тренировочный соревнования команда зал улица покрытие трава грунт снег лёд вода защита голеностоп колено запястье ладонь локоть ремень
  застёжка липучка молния карман капюшон подкладка утеплитель хлопок полиэстер нейлон резина пена углепластик алюминий сталь дерево клей
  рукоять обмотка струна ракетка мяч клюшка шайба лыжи палки ботинки крепление коньки лезвие шлем маска очки перчатки щитки форма майка
  шорты брюки куртка носки сумка рюкзак бутылка коврик гантель гриф диск стойка скамья тренажёр нагрузка уровень начинающий мастер взрослый
  детский женский мужской универсальный лицензия федерация сертификат гарантия страна Россия Китай Вьетнам Италия уход стирка сушка хранение`
    .trim()
    .split(/\s+/);

/**
 * Gives a seeded shop what the rows of a production have and the seed leaves out: a hash in every password, microseconds in
 * every time, product texts of a hundred different words, names as long as a 1C catalogue has them, on order lines too. The seed's own
 * rows are so regular that gzip packs them six times; those of the shop that the figures of the story were taken on, four times.
 *
 * @example await makeRowsLikeProduction(cluster, 'shop');
 */
export async function makeRowsLikeProduction(cluster: PrivateCluster, database: string): Promise<void> {
  const run = (text: string) => cluster.query(text, [], database);
  // The same shop in every run: what is random is a hash of the row's key.
  const word = (key: string, n: string): string =>
    `('{${WORDS.join()}}'::text[])[1 + (hashint8extended(${key} * 1000 + ${n}, 3) & 1073741823) % ${WORDS.length}]`;
  const longer = (column: string, key: string): string =>
    `concat_ws(' ', ${column}, ${[201, 202, 203, 204].map((n) => word(key, String(n))).join(', ')})`;
  const microseconds = `(hashint8extended(id, 7) & 33554431) * interval '1 microsecond'`;
  const rewritten = (column: string, type: string, value: string): string =>
    `ALTER ${column} TYPE ${type} USING ${value}`;
  const moments = ['created_at', 'updated_at'].map((column) =>
    rewritten(column, 'timestamptz', `${column} + ${microseconds}`),
  );
  const password = `'pbkdf2_sha256$600000$' || left(md5(id::text), 22) || '$' || encode(sha256(id::text::bytea), 'base64')`;
  const rewrites: Readonly<Record<string, readonly string[]>> = {
    products: [rewritten('name', 'varchar(300)', longer('name', 'id')), ...moments],
    users: [rewritten('password', 'varchar(128)', password), ...moments],
    orders: moments,
    order_items: [
      rewritten('product_name', 'varchar(300)', longer('product_name', 'product_id')),
      ...moments,
    ],
  };
  await run(
    `UPDATE products p SET description = (SELECT string_agg(${word('p.id', 'n')}, ' ' ORDER BY n) FROM generate_series(1, 75) n)`,
  );
  // Written anew in one go each, indexes included: an UPDATE of a million orders took 31 s and left as many dead rows.
  for (const [table, columns] of Object.entries(rewrites))
    await run(`ALTER TABLE ${table} ${columns.join(', ')}`);
  await run('VACUUM ANALYZE');
}
