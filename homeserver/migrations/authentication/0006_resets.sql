CREATE TABLE `authentication_resets` (
	`name` text PRIMARY KEY NOT NULL,
	`token_hash` blob,
	`token_expires_at` integer,
	`waits_until` integer,
	`ready_until` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authentication_resets_by_token` ON `authentication_resets` (`token_hash`);