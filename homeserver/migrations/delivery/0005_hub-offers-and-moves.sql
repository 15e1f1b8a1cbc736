CREATE TABLE `delivery_hub_offers` (
	`room` text PRIMARY KEY NOT NULL,
	`term` integer NOT NULL,
	`hub_private_key` blob NOT NULL,
	`hub_public_key` blob NOT NULL,
	`not_after` integer NOT NULL,
	`prepared` blob
);
--> statement-breakpoint
CREATE INDEX `delivery_hub_offers_by_end` ON `delivery_hub_offers` (`not_after`);--> statement-breakpoint
CREATE TABLE `delivery_moved` (
	`room` text PRIMARY KEY NOT NULL,
	`room_id` integer NOT NULL,
	`hub` text NOT NULL,
	`position` integer NOT NULL,
	`signed_head` blob NOT NULL,
	`moved_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `delivery_moved_by_time` ON `delivery_moved` (`moved_at`);