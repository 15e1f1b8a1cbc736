CREATE TABLE `factors_external_logins` (
	`name` text PRIMARY KEY NOT NULL,
	`issuer` text NOT NULL,
	`subject_hash` blob NOT NULL,
	`linked_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `factors_external_logins_by_subject` ON `factors_external_logins` (`subject_hash`);--> statement-breakpoint
CREATE TABLE `factors_tries` (
	`name` text PRIMARY KEY NOT NULL,
	`failures` integer NOT NULL,
	`retry_at` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `factors_tries` SELECT `name`, `failures`, `retry_at` FROM `factors_totp` WHERE `failures` > 0;--> statement-breakpoint
ALTER TABLE `factors_totp` DROP COLUMN `failures`;--> statement-breakpoint
ALTER TABLE `factors_totp` DROP COLUMN `retry_at`;