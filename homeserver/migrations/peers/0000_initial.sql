CREATE TABLE `peers_keys` (
	`domain` text NOT NULL,
	`kid` text NOT NULL,
	`key` blob NOT NULL,
	`not_before` integer NOT NULL,
	`expires` integer,
	`seen_at` integer NOT NULL,
	`pinned` integer NOT NULL,
	PRIMARY KEY(`domain`, `kid`, `pinned`)
);
--> statement-breakpoint
CREATE TABLE `peers_known` (
	`domain` text PRIMARY KEY NOT NULL,
	`first_seen_at` integer NOT NULL,
	`inbound_at` integer,
	`outbound_at` integer,
	`frozen_at` integer
);
--> statement-breakpoint
CREATE TABLE `peers_rules` (
	`subject` text PRIMARY KEY NOT NULL,
	`action` text NOT NULL,
	`per_minute` integer,
	`reason` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer
);
