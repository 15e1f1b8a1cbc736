CREATE TABLE `delivery_departures` (
	`user` text PRIMARY KEY NOT NULL,
	`deleted_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `delivery_followed` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`room` text NOT NULL,
	`hub` text NOT NULL,
	`hub_key` blob NOT NULL,
	`generation` integer NOT NULL,
	`signed_head` blob,
	`group_info` blob
);
--> statement-breakpoint
CREATE UNIQUE INDEX `delivery_followed_by_name` ON `delivery_followed` (`room`);--> statement-breakpoint
CREATE TABLE `delivery_followed_heads` (
	`room_id` integer PRIMARY KEY NOT NULL,
	`term` integer NOT NULL,
	`epoch` integer NOT NULL,
	`position` integer NOT NULL,
	`hash` blob NOT NULL,
	`seen` integer NOT NULL,
	`frozen` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `delivery_followed_members` (
	`room_id` integer NOT NULL,
	`leaf` integer NOT NULL,
	`client` text NOT NULL,
	`user` text NOT NULL,
	PRIMARY KEY(`room_id`, `leaf`)
);
--> statement-breakpoint
CREATE INDEX `delivery_followed_members_by_user` ON `delivery_followed_members` (`user`,`room_id`);--> statement-breakpoint
CREATE TABLE `delivery_forwarded_commits` (
	`hash` blob PRIMARY KEY NOT NULL,
	`room` text NOT NULL,
	`client` text NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `delivery_forwarded_commits_by_expiry` ON `delivery_forwarded_commits` (`expires_at`);--> statement-breakpoint
CREATE TABLE `delivery_peers` (
	`room_id` integer NOT NULL,
	`peer` text NOT NULL,
	`since` integer NOT NULL,
	`until` integer,
	`introduce` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`room_id`, `peer`, `since`)
);
--> statement-breakpoint
CREATE TABLE `delivery_restored` (
	`room_id` integer PRIMARY KEY NOT NULL,
	`term_min` integer NOT NULL,
	`position_min` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `delivery_rooms` ADD `term_since` integer DEFAULT 0 NOT NULL;