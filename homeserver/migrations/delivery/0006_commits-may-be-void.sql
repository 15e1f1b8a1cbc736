CREATE TABLE `delivery_reports` (
	`room_id` integer NOT NULL,
	`user` text NOT NULL,
	`position` integer NOT NULL,
	`accepted_at` integer NOT NULL,
	`report` blob NOT NULL,
	PRIMARY KEY(`room_id`, `user`)
);
--> statement-breakpoint
CREATE TABLE `delivery_unsettled` (
	`room_id` integer NOT NULL,
	`epoch` integer NOT NULL,
	`position` integer NOT NULL,
	`hash` blob NOT NULL,
	`committer` text NOT NULL,
	`external` integer NOT NULL,
	`before` blob NOT NULL,
	PRIMARY KEY(`room_id`, `position`)
);
--> statement-breakpoint
CREATE TABLE `delivery_voids` (
	`room_id` integer NOT NULL,
	`position` integer NOT NULL,
	`epoch` integer NOT NULL,
	`user` text NOT NULL,
	`voided_at` integer NOT NULL,
	`until` integer NOT NULL,
	`lenient` integer NOT NULL,
	PRIMARY KEY(`room_id`, `position`)
);
--> statement-breakpoint
CREATE INDEX `delivery_voids_by_time` ON `delivery_voids` (`voided_at`);