CREATE TABLE `delivery_kept_places` (
	`user` text NOT NULL,
	`room` text NOT NULL,
	`kept_until` integer NOT NULL,
	PRIMARY KEY(`user`, `room`)
);
--> statement-breakpoint
CREATE INDEX `delivery_kept_places_by_expiry` ON `delivery_kept_places` (`kept_until`);--> statement-breakpoint
CREATE TABLE `delivery_revocations` (
	`client` text PRIMARY KEY NOT NULL,
	`revoked_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `delivery_removals` ADD `held` integer DEFAULT false NOT NULL;