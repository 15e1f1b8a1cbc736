CREATE TABLE `authentication_seen` (
	`client` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`seen_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `authentication_seen_by_name` ON `authentication_seen` (`name`);