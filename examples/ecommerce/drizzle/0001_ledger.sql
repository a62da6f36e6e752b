CREATE SCHEMA "ledger";
--> statement-breakpoint
CREATE TABLE "idempotency"."writes" (
	"method" text NOT NULL,
	"key" text NOT NULL,
	"row_id" bigint NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "writes_method_key_pk" PRIMARY KEY("method","key")
);
--> statement-breakpoint
CREATE TABLE "ledger"."entries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "ledger"."entries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"from_account" text NOT NULL,
	"to_account" text NOT NULL,
	"product_id" integer,
	"amount" bigint NOT NULL,
	"order_id" integer,
	"payment_id" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "entries_key_unique" UNIQUE("key"),
	CONSTRAINT "something_moves" CHECK ("ledger"."entries"."amount" > 0),
	CONSTRAINT "from_one_account_to_another" CHECK ("ledger"."entries"."from_account" <> "ledger"."entries"."to_account"),
	CONSTRAINT "a_known_kind" CHECK ("ledger"."entries"."kind" in ('stock', 'reserve', 'take', 'give back', 'charge', 'refund'))
);
--> statement-breakpoint
DROP INDEX "payments"."payments_to_settle";--> statement-breakpoint
ALTER TABLE "orders"."order_updates" ADD COLUMN "request_key" text;--> statement-breakpoint
ALTER TABLE "payments"."payments" ADD COLUMN "refunded_cents" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "payments"."payments" ADD COLUMN "request_key" text;--> statement-breakpoint
CREATE INDEX "writes_by_time" ON "idempotency"."writes" USING btree ("written_at");--> statement-breakpoint
CREATE INDEX "entries_by_order" ON "ledger"."entries" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "entries_by_product" ON "ledger"."entries" USING btree ("product_id");--> statement-breakpoint
ALTER TABLE "orders"."order_updates" ADD CONSTRAINT "one_move_per_request" UNIQUE("order_id","request_key");--> statement-breakpoint
ALTER TABLE "payments"."payments" ADD CONSTRAINT "one_payment_per_request" UNIQUE("order_id","request_key");--> statement-breakpoint
ALTER TABLE "payments"."payments" ADD CONSTRAINT "no_more_back_than_paid" CHECK ("payments"."payments"."refunded_cents" between 0 and "payments"."payments"."amount_cents");--> statement-breakpoint
-- What an older shop has written, as movements: first the payments of which it had not told its orders yet.
WITH confirmed AS (
	UPDATE "orders"."orders" SET "status" = 2, "updated_at" = now()
	WHERE "status" = 1 AND "id" IN (SELECT "order_id" FROM "payments"."payments" WHERE "status" = 3) RETURNING "id"
)
INSERT INTO "orders"."order_updates" ("order_id", "status", "message") SELECT "id", 2, 'Your order is paid' FROM confirmed;
--> statement-breakpoint
UPDATE "payments"."payments" SET "refunded_cents" = "given"."cents"
FROM (SELECT "payment_id", sum("amount_cents") AS "cents" FROM "payments"."refunds" GROUP BY "payment_id") "given"
WHERE "given"."payment_id" = "payments"."payments"."id";
--> statement-breakpoint
INSERT INTO "ledger"."entries" ("kind", "key", "from_account", "to_account", "product_id", "amount")
SELECT 'stock', 'stock ' || "id" || ' opening', 'supplier', 'shelf', "id", "stock" + "held" FROM (
	SELECT "product"."id", "product"."stock", coalesce((
		SELECT sum("item"."quantity") FROM "orders"."order_items" "item"
		JOIN "orders"."orders" "o" ON "o"."id" = "item"."order_id" AND "o"."status" NOT IN (5, 6)
		WHERE "item"."product_id" = "product"."id"
	), 0) AS "held" FROM "products"."products" "product"
) "opening" WHERE "stock" + "held" > 0;
--> statement-breakpoint
INSERT INTO "ledger"."entries" ("kind", "key", "from_account", "to_account", "product_id", "amount", "order_id", "created_at")
SELECT 'reserve', 'reserve ' || "o"."id" || '/' || "item"."product_id", 'shelf', 'reserved', "item"."product_id", "item"."quantity", "o"."id", "o"."created_at"
FROM "orders"."order_items" "item" JOIN "orders"."orders" "o" ON "o"."id" = "item"."order_id";
--> statement-breakpoint
INSERT INTO "ledger"."entries" ("kind", "key", "from_account", "to_account", "product_id", "amount", "order_id")
SELECT 'take', 'take ' || "o"."id" || '/' || "e"."product_id", 'reserved', 'sold', "e"."product_id", "e"."amount", "o"."id"
FROM "ledger"."entries" "e" JOIN "orders"."orders" "o" ON "o"."id" = "e"."order_id" WHERE "o"."status" IN (2, 3, 4, 6);
--> statement-breakpoint
INSERT INTO "ledger"."entries" ("kind", "key", "from_account", "to_account", "product_id", "amount", "order_id")
SELECT 'give back', 'give back ' || "o"."id" || '/' || "e"."product_id",
	CASE WHEN "o"."status" = 6 THEN 'sold' ELSE 'reserved' END, 'shelf', "e"."product_id", "e"."amount", "o"."id"
FROM "ledger"."entries" "e" JOIN "orders"."orders" "o" ON "o"."id" = "e"."order_id"
WHERE "o"."status" IN (5, 6) AND "e"."kind" = 'reserve';
--> statement-breakpoint
INSERT INTO "ledger"."entries" ("kind", "key", "from_account", "to_account", "amount", "order_id", "payment_id", "created_at")
SELECT 'charge', 'charge ' || "id", 'customer', 'till', "amount_cents", "order_id", "id", "processed_at"
FROM "payments"."payments" WHERE "status" IN (3, 5);
--> statement-breakpoint
INSERT INTO "ledger"."entries" ("kind", "key", "from_account", "to_account", "amount", "order_id", "payment_id", "created_at")
SELECT 'refund', 'refund ' || "r"."id", 'till', 'customer', "r"."amount_cents", "p"."order_id", "p"."id", "r"."created_at"
FROM "payments"."refunds" "r" JOIN "payments"."payments" "p" ON "p"."id" = "r"."payment_id";
