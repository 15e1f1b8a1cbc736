CREATE TABLE `factors_recovery_codes` (
	`name` text NOT NULL,
	`code_hash` blob NOT NULL,
	PRIMARY KEY(`name`, `code_hash`)
);
--> statement-breakpoint
CREATE TABLE `factors_totp` (
	`name` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`secret` blob NOT NULL,
	`started_at` integer NOT NULL,
	`confirmed_at` integer,
	`last_step` integer NOT NULL,
	`failures` integer NOT NULL,
	`retry_at` integer NOT NULL
);
