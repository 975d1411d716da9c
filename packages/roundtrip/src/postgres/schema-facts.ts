/**
 * What a schema is, one query a kind of object, one line a fact: "column public.orders.id bigint NOT NULL …". Names are
 * printed by the server with `search_path = pg_catalog`, so they are qualified and quoted; no OID is in them, since
 * those differ in a copy. Every part is one that pg_dump brings along: `verifyBackup` compares a restore with it.
 *
 * Left out: members of extensions (the extension and its version stand for them), comments on databases and roles
 * (pg_dump leaves them out), versions and encodings of collations (a restore takes the present ones), statistics.
 */

/** Objects of user schemas. */
const USER = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'`;

/** Objects of users begin here (PostgreSQL, `FirstNormalObjectId`). */
const USER_OID_MIN = 16_384;

/** Whether an object is not an extension's. */
function ownObject(catalogue: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalogue}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;
}

/** Kinds of objects that are rare, each of which counts by its name alone. */
const BY_NAME: readonly string[] = [
  'pg_am',
  'pg_cast',
  'pg_conversion',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_language',
  'pg_opclass',
  'pg_operator',
  'pg_opfamily',
  'pg_transform',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
];

export const SCHEMA_FACTS: readonly string[] = [
  `SELECT 'schema ' || n.nspname || ' owner ' || n.nspowner::regrole || ' acl ' || coalesce(n.nspacl::text, '') FROM pg_namespace n WHERE ${USER}`,
  `SELECT 'relation ' || c.relkind::text || ' ' || n.nspname || '.' || c.relname || ' owner ' || c.relowner::regrole || ' acl ' || coalesce(c.relacl::text, '')
     || ' identity ' || c.relreplident::text || ' persistence ' || c.relpersistence::text || ' rls ' || c.relrowsecurity || ' forced ' || c.relforcerowsecurity
     || ' options ' || coalesce(c.reloptions::text, '')
     || coalesce(' parents ' || (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid), '')
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER} AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')`,
  `SELECT 'partition ' || c.oid::regclass || coalesce(' of ' || pg_get_expr(c.relpartbound, c.oid), '') || coalesce(' by ' || pg_get_partkeydef(c.oid), '')
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER} AND (c.relispartition OR c.relkind = 'p') AND c.relkind IN ('r', 'p', 'f')`,
  // Composite types have columns as tables do.
  `SELECT 'column ' || n.nspname || '.' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
     || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') || ' identity ' || a.attidentity::text || ' generated ' || a.attgenerated::text || coalesce(' acl ' || a.attacl::text, '')
     || CASE WHEN a.attcollation <> t.typcollation THEN ' collate ' || a.attcollation::regcollation ELSE '' END
     || CASE WHEN a.attstorage <> t.typstorage THEN ' storage ' || a.attstorage::text ELSE '' END || CASE WHEN a.attcompression <> '' THEN ' compression ' || a.attcompression::text ELSE '' END
     || CASE WHEN a.attstattarget >= 0 THEN ' statistics ' || a.attstattarget ELSE '' END || coalesce(' options ' || a.attoptions::text, '')
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE ${USER} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')`,
  `SELECT 'constraint ' || n.nspname || '.' || coalesce(r.relname, t.typname, '') || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid) || ' validated ' || k.convalidated
     FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class r ON r.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid WHERE ${USER}`,
  `SELECT 'index ' || pg_get_indexdef(i.indexrelid) || ' valid ' || i.indisvalid || CASE WHEN i.indisreplident THEN ' replica identity' ELSE '' END || CASE WHEN i.indisclustered THEN ' clustered' ELSE '' END
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER}`,
  `SELECT 'view ' || n.nspname || '.' || c.relname || ' ' || pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER} AND c.relkind IN ('v', 'm')`,
  `SELECT 'rule ' || r.ev_class::regclass || ' ' || r.rulename || ' ' || pg_get_ruledef(r.oid) || ' enabled ' || r.ev_enabled::text
     FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER} AND r.rulename <> '_RETURN'`,
  `SELECT 'sequence ' || s.seqrelid::regclass || ' ' || s.seqtypid::regtype || ' start ' || s.seqstart || ' increment ' || s.seqincrement || ' min ' || s.seqmin || ' max ' || s.seqmax
     || ' cache ' || s.seqcache || ' cycle ' || s.seqcycle
     || coalesce(' owned by ' || (SELECT d.refobjid::regclass || '.' || a.attname FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                                  WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')), '')
     FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER}`,
  `SELECT 'statistics ' || pg_get_statisticsobjdef(s.oid) || ' owner ' || s.stxowner::regrole || ' target ' || coalesce(s.stxstattarget, -1)
     FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ${USER}`,
  `SELECT 'function ' || p.oid::regprocedure || ' ' || md5(pg_get_functiondef(p.oid)) || ' owner ' || p.proowner::regrole || ' acl ' || coalesce(p.proacl::text, '')
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${USER} AND p.prokind IN ('f', 'p', 'w') AND ${ownObject('pg_proc', 'p.oid')}`,
  // Kinds of aggregates: n(ormal), o(rdered-set), h(ypothetical).
  `SELECT 'aggregate ' || p.oid::regprocedure || ' ' || concat_ws(' ', g.aggkind, g.aggnumdirectargs, g.aggtransfn, g.aggtranstype::regtype, g.aggtransspace, g.aggfinalfn, g.aggfinalextra, g.aggfinalmodify,
       g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmtranstype::regtype, g.aggmtransspace, g.aggmfinalfn, g.aggmfinalextra, g.aggmfinalmodify,
       g.aggsortop::regoperator, p.proparallel) || ' from ' || coalesce(quote_literal(g.agginitval), 'null') || ' ' || coalesce(quote_literal(g.aggminitval), 'null')
     || ' owner ' || p.proowner::regrole || ' acl ' || coalesce(p.proacl::text, '')
     FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${USER} AND ${ownObject('pg_proc', 'p.oid')}`,
  `SELECT 'trigger ' || t.tgrelid::regclass || ' ' || pg_get_triggerdef(t.oid) || ' enabled ' || t.tgenabled::text FROM pg_trigger t WHERE NOT t.tgisinternal`,
  `SELECT 'policy ' || polrelid::regclass || ' ' || polname || CASE WHEN polpermissive THEN ' permissive' ELSE ' restrictive' END || ' for ' || polcmd::text
     || ' to ' || (SELECT string_agg(CASE WHEN role = 0 THEN 'public' ELSE role::regrole::text END, ',' ORDER BY role::regrole::text) FROM unnest(polroles) role)
     || ' using ' || coalesce(pg_get_expr(polqual, polrelid), '') || ' check ' || coalesce(pg_get_expr(polwithcheck, polrelid), '') FROM pg_policy`,
  `SELECT 'type ' || t.oid::regtype || ' ' || t.typtype::text || ' owner ' || t.typowner::regrole || ' acl ' || coalesce(t.typacl::text, '') || ' labels '
     || coalesce((SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), '')
     || coalesce((SELECT ' range of ' || concat_ws(' ', r.rngsubtype::regtype, nullif(r.rngcollation, 0)::regcollation, r.rngcanonical, r.rngsubdiff) FROM pg_range r WHERE r.rngtypid = t.oid), '')
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
     WHERE ${USER} AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))`,
  `SELECT 'domain ' || t.oid::regtype || ' ' || format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || t.typdefault, '')
     || CASE WHEN t.typcollation <> b.typcollation THEN ' collate ' || t.typcollation::regcollation ELSE '' END
     FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${USER} AND t.typtype = 'd'`,
  // Columns of the catalogue have other names from version to version: whatever there is, as JSON.
  `SELECT 'collation ' || l.oid::regcollation || ' owner ' || l.collowner::regrole || ' ' || (to_jsonb(l) - 'oid' - 'collname' - 'collnamespace' - 'collowner' - 'collversion' - 'collencoding')::text
     FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE ${USER}`,
  `SELECT 'extension ' || extname || ' ' || extversion || ' in ' || extnamespace::regnamespace FROM pg_extension`,
  `SELECT 'default-acl ' || coalesce(defaclnamespace::regnamespace::text, '') || ' ' || defaclrole::regrole || ' ' || defaclobjtype::text || ' ' || defaclacl::text FROM pg_default_acl`,
  // Not from pg_publication_tables, which takes 0.6 s for a handful of tables (2026-11).
  `SELECT 'publication ' || p.pubname || ' owner ' || p.pubowner::regrole || ' ' || (to_jsonb(p) - 'oid' - 'pubowner')::text
     || coalesce(' tables ' || (SELECT string_agg(r.prrelid::regclass || coalesce(' (' || (SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) || ')', '')
                           || coalesce(' where ' || pg_get_expr(r.prqual, r.prrelid), ''), ',' ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r WHERE r.prpubid = p.oid), '')
     || coalesce(' schemas ' || (SELECT string_agg(s.pnnspid::regnamespace::text, ',' ORDER BY s.pnnspid::regnamespace::text) FROM pg_publication_namespace s WHERE s.pnpubid = p.oid), '') FROM pg_publication p`,
  // Their bytes are only a superuser's to read; their number is anyone's.
  `SELECT 'large-objects ' || count(*) FROM pg_largeobject_metadata`,
  `SELECT 'event-trigger ' || evtname || ' ' || evtevent || ' ' || evtenabled::text || ' ' || evtfoid::regproc || ' owner ' || evtowner::regrole || ' tags ' || coalesce(evttags::text, '') FROM pg_event_trigger`,
  // The schema public has a comment of the server's own, and perhaps another.
  `SELECT 'comment ' || o.type || ' ' || coalesce(o.identity, '') || ' ' || md5(d.description)
     FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) o
     WHERE (d.objoid >= ${USER_OID_MIN} OR (d.classoid = 'pg_namespace'::regclass AND d.objoid = to_regnamespace('public')))
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
  ...BY_NAME.map(
    (catalogue) =>
      `SELECT 'object ' || o.type || ' ' || coalesce(o.identity, '') FROM ${catalogue} x, LATERAL pg_identify_object('${catalogue}'::regclass, x.oid, 0) o
       WHERE x.oid >= ${USER_OID_MIN} AND ${ownObject(catalogue, 'x.oid')}`,
  ),
];
