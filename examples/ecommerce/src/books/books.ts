import { sql as raw, type SQL } from 'drizzle-orm';
import type { Sql } from '../database/database.js';

/** A claim about the shop's books, and what contradicts it: sentences, none when it holds. */
export interface Finding {
  readonly claim: string;
  readonly problems: readonly string[];
}

/** How many problems of a kind are named. */
const NAMED = 5;

interface Check {
  readonly claim: string;
  /** Finds rows with one column, `problem`. */
  readonly query: SQL;
}

/** Pieces of a product on each account, and what an order has moved, from the ledger alone. */
const BOOKED = raw`
  with
    shelf as (
      select product_id, sum(case when to_account = 'shelf' then amount else -amount end) as pieces
      from ledger.entries where product_id is not null and 'shelf' in (from_account, to_account) group by product_id
    ),
    moved as (
      select order_id,
        coalesce(sum(amount) filter (where kind = 'reserve'), 0) as reserved,
        coalesce(sum(amount) filter (where kind = 'take'), 0) as taken,
        coalesce(sum(amount) filter (where kind = 'give back'), 0) as given_back,
        coalesce(sum(amount) filter (where kind = 'charge'), 0) as charged,
        coalesce(sum(amount) filter (where kind = 'refund'), 0) as refunded,
        count(*) filter (where kind = 'charge') as charges
      from ledger.entries where order_id is not null group by order_id
    ),
    money as (
      select payment_id,
        coalesce(sum(amount) filter (where kind = 'charge'), 0) as charged,
        coalesce(sum(amount) filter (where kind = 'refund'), 0) as refunded
      from ledger.entries where payment_id is not null group by payment_id
    )`;

const CHECKS: readonly Check[] = [
  {
    claim: 'The stock of every product is what the ledger has on the shelf, and is not below zero',
    query: raw`
      select 'Product ' || p.id || ' has ' || p.stock || ' in stock; the ledger has ' || coalesce(s.pieces, 0) as problem
      from products.products p left join shelf s on s.product_id = p.id
      where p.stock <> coalesce(s.pieces, 0) or p.stock < 0`,
  },
  {
    claim: 'Every order has reserved exactly what it contains, and has taken and given back all of it or nothing',
    query: raw`
      select 'Order ' || i.order_id || ' contains ' || i.quantity || ' of product ' || i.product_id || ' and reserved '
        || i.reserved || ', took ' || i.taken || ', gave back ' || i.given_back as problem
      from (
        select i.order_id, i.product_id, i.quantity,
          coalesce(sum(e.amount) filter (where e.kind = 'reserve'), 0) as reserved,
          coalesce(sum(e.amount) filter (where e.kind = 'take'), 0) as taken,
          coalesce(sum(e.amount) filter (where e.kind = 'give back'), 0) as given_back
        from orders.order_items i left join ledger.entries e on e.order_id = i.order_id and e.product_id = i.product_id
        group by i.order_id, i.product_id, i.quantity
      ) i where i.reserved <> i.quantity or i.taken not in (0, i.quantity) or i.given_back not in (0, i.quantity)`,
  },
  {
    claim: 'Every order costs the sum of its items',
    query: raw`
      select 'Order ' || o.id || ' costs ' || o.total_cents || ' cents; its items cost ' || coalesce(i.cents, 0) as problem
      from orders.orders o left join (
        select order_id, sum(quantity * unit_price_cents::bigint) as cents from orders.order_items group by order_id
      ) i on i.order_id = o.id
      where o.total_cents <> coalesce(i.cents, 0)`,
  },
  {
    claim: 'The state of every order follows from what was reserved, taken, given back, charged and refunded for it',
    query: raw`
      select 'Order ' || o.id || ' is ' || (array['PENDING', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED',
        'REFUNDED'])[o.status] || '; charged ' || coalesce(m.charged, 0) || ' of ' || o.total_cents || ' cents, refunded '
        || coalesce(m.refunded, 0) || ', took ' || coalesce(m.taken, 0) || ', gave back ' || coalesce(m.given_back, 0)
        as problem
      from orders.orders o left join moved m on m.order_id = o.id
      where not coalesce(case
        when o.status = 1 then m.charged = 0 and m.taken = 0 and m.given_back = 0
        when o.status in (2, 3, 4) then m.charged = o.total_cents and m.refunded < m.charged
          and m.taken = m.reserved and m.given_back = 0
        when o.status = 5 then m.refunded = m.charged and m.given_back = m.reserved
          and m.charged in (0, o.total_cents)
        when o.status = 6 then m.charged = o.total_cents and m.refunded = m.charged and m.taken = m.reserved
          and m.given_back = m.reserved
        else false end, false)`,
  },
  {
    claim: 'No order was charged twice',
    query: raw`select 'Order ' || order_id || ' was charged ' || charges || ' times' as problem from moved where charges > 1`,
  },
  {
    claim: 'The state of every payment follows from what was charged and refunded',
    query: raw`
      select 'Payment ' || p.id || ' over ' || p.amount_cents || ' cents is ' || (array['PENDING', 'PROCESSING',
        'COMPLETED', 'FAILED', 'REFUNDED'])[p.status] || ', refunded ' || p.refunded_cents || '; the ledger charged '
        || coalesce(m.charged, 0) || ' and refunded ' || coalesce(m.refunded, 0) as problem
      from payments.payments p left join money m on m.payment_id = p.id
      where p.refunded_cents <> coalesce(m.refunded, 0) or not case
        when p.status = 3 then coalesce(m.charged, 0) = p.amount_cents and p.refunded_cents < p.amount_cents
        when p.status = 5 then coalesce(m.charged, 0) = p.amount_cents and p.refunded_cents = p.amount_cents
        else coalesce(m.charged, 0) = 0 and p.refunded_cents = 0 end`,
  },
  {
    claim: 'Every refund has its row in the ledger, over the same amount, and every row its refund',
    query: raw`
      select 'Refund ' || coalesce(r.id, e.key) || ': ' || coalesce(r.amount_cents, 0) || ' cents given, '
        || coalesce(e.amount, 0) || ' in the ledger' as problem
      from payments.refunds r
      full join (select * from ledger.entries where kind = 'refund') e on e.key = 'refund ' || r.id
      where r.amount_cents is distinct from e.amount`,
  },
  {
    claim: 'Every payment and every movement belongs to an order, and is what the order costs at most',
    query: raw`
      select 'Payment ' || p.id || ' over ' || p.amount_cents || ' cents is for order ' || p.order_id || ', which '
        || coalesce('costs ' || o.total_cents, 'does not exist') as problem
      from payments.payments p left join orders.orders o on o.id = p.order_id
      where o.id is null or p.amount_cents <> o.total_cents
      union all
      select 'Movement ' || e.key || ' is for order ' || e.order_id || ', which does not exist' as problem
      from ledger.entries e left join orders.orders o on o.id = e.order_id where e.order_id is not null and o.id is null`,
  },
  {
    claim: 'What an order was last told to be is what it is',
    query: raw`
      select 'Order ' || o.id || ' has the status ' || o.status || '; its last update said ' || coalesce(u.status, 0)
        as problem
      from orders.orders o left join lateral (
        select status from orders.order_updates where order_id = o.id order by id desc limit 1
      ) u on true
      where o.status is distinct from u.status`,
  },
];

/** Checks everything that has to hold at any moment, on one snapshot of the database: also while people buy. */
export function checkBooks(sql: Sql): Promise<Finding[]> {
  return sql.transaction(async (transaction) => {
    const findings: Finding[] = [];
    for (const { claim, query } of CHECKS) findings.push({ claim, problems: await problemsOf(transaction, query) });
    return findings;
  }, SNAPSHOT);
}

const SNAPSHOT = { isolationLevel: 'repeatable read', accessMode: 'read only' } as const;

async function problemsOf(transaction: Sql, query: SQL): Promise<string[]> {
  const found = raw`${BOOKED}, found as (${query}) select problem, count(*) over () as total from found limit ${NAMED}`;
  const { rows } = (await transaction.execute(found)) as { rows: { problem: string; total: number | string }[] };
  const more = Number(rows[0]?.total ?? 0) - rows.length;
  return [...rows.map(({ problem }) => problem), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** A line for each claim, and the problems under it. */
export function renderBooks(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ claim, problems }) => [
    `${problems.length === 0 ? '✓' : '✗'} ${claim}`,
    ...problems.map((problem) => `    ${problem}`),
  ]);
  return lines.join('\n');
}

export function isBalanced(findings: readonly Finding[]): boolean {
  return findings.every(({ problems }) => problems.length === 0);
}
