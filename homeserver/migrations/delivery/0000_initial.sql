CREATE TABLE `delivery_epochs` (
	`room_id` integer NOT NULL,
	`epoch` integer NOT NULL,
	`started_at` integer NOT NULL,
	`tree_size` integer NOT NULL,
	`tree_hash` blob NOT NULL,
	`group_context` blob NOT NULL,
	`confirmation_tag` blob NOT NULL,
	`group_info` blob NOT NULL,
	PRIMARY KEY(`room_id`, `epoch`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `delivery_heads` (
	`room_id` integer PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`revision` integer NOT NULL,
	`position` integer NOT NULL,
	`hash` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `delivery_members` (
	`room_id` integer NOT NULL,
	`leaf` integer NOT NULL,
	`client` text NOT NULL,
	`user` text NOT NULL,
	PRIMARY KEY(`room_id`, `leaf`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `delivery_members_by_user` ON `delivery_members` (`user`,`room_id`);--> statement-breakpoint
CREATE TABLE `delivery_nodes` (
	`id` integer PRIMARY KEY NOT NULL,
	`room_id` integer NOT NULL,
	`node` integer NOT NULL,
	`since` integer NOT NULL,
	`until` integer,
	`content` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `delivery_nodes_by_version` ON `delivery_nodes` (`room_id`,`node`,`since`);--> statement-breakpoint
CREATE INDEX `delivery_nodes_by_end` ON `delivery_nodes` (`room_id`,`until`);--> statement-breakpoint
CREATE TABLE `delivery_proposals` (
	`room_id` integer NOT NULL,
	`ordinal` integer NOT NULL,
	`accepted_at` integer NOT NULL,
	`ref` blob NOT NULL,
	`message` blob NOT NULL,
	PRIMARY KEY(`room_id`, `ordinal`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `delivery_removals` (
	`room_id` integer NOT NULL,
	`leaf` integer NOT NULL,
	`requested_at` integer NOT NULL,
	PRIMARY KEY(`room_id`, `leaf`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `delivery_requests` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` blob NOT NULL,
	`expires_at` integer NOT NULL,
	`answer` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `delivery_requests_by_key` ON `delivery_requests` (`key`);--> statement-breakpoint
CREATE TABLE `delivery_reservations` (
	`room` text PRIMARY KEY NOT NULL,
	`user` text NOT NULL,
	`template` text NOT NULL,
	`hub_private_key` blob NOT NULL,
	`hub_public_key` blob NOT NULL,
	`expires_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `delivery_reservations_by_user` ON `delivery_reservations` (`user`,`expires_at`);--> statement-breakpoint
CREATE INDEX `delivery_reservations_by_expiry` ON `delivery_reservations` (`expires_at`);--> statement-breakpoint
CREATE TABLE `delivery_rooms` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`room` text NOT NULL,
	`generation` integer NOT NULL,
	`term` integer NOT NULL,
	`hub_private_key` blob NOT NULL,
	`hub_public_key` blob NOT NULL,
	`founded_at` integer NOT NULL,
	`signed_head` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `delivery_rooms_by_name` ON `delivery_rooms` (`room`);--> statement-breakpoint
CREATE TABLE `delivery_welcomes` (
	`room_id` integer NOT NULL,
	`epoch` integer NOT NULL,
	`client` text NOT NULL,
	`kept_until` integer NOT NULL,
	PRIMARY KEY(`room_id`, `epoch`, `client`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `delivery_welcomes_by_expiry` ON `delivery_welcomes` (`kept_until`);