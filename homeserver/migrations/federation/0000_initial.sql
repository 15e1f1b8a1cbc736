CREATE TABLE `federation_attached` (
	`peer` integer NOT NULL,
	`sequence` integer NOT NULL,
	`body` blob NOT NULL,
	PRIMARY KEY(`peer`, `sequence`)
);
--> statement-breakpoint
CREATE TABLE `federation_dead` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`peer` integer NOT NULL,
	`sequence` integer NOT NULL,
	`form` integer NOT NULL,
	`room` integer NOT NULL,
	`position` integer NOT NULL,
	`code` text NOT NULL,
	`at` integer NOT NULL,
	`body` blob
);
--> statement-breakpoint
CREATE UNIQUE INDEX `federation_dead_by_sequence` ON `federation_dead` (`peer`,`sequence`);--> statement-breakpoint
CREATE TABLE `federation_inbound` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`origin` text NOT NULL,
	`incarnation` blob NOT NULL,
	`next` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `federation_inbound_by_stream` ON `federation_inbound` (`origin`,`incarnation`);--> statement-breakpoint
CREATE TABLE `federation_outbox` (
	`id` integer PRIMARY KEY NOT NULL,
	`peer` integer NOT NULL,
	`sequence` integer NOT NULL,
	`form` integer NOT NULL,
	`room` integer NOT NULL,
	`position` integer NOT NULL,
	`added_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `federation_outbox_by_sequence` ON `federation_outbox` (`peer`,`sequence`);--> statement-breakpoint
CREATE TABLE `federation_peers` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`domain` text NOT NULL,
	`incarnation` blob NOT NULL,
	`base` integer NOT NULL,
	`kept` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `federation_peers_domain_unique` ON `federation_peers` (`domain`);--> statement-breakpoint
CREATE TABLE `federation_rejected` (
	`inbound` integer NOT NULL,
	`sequence` integer NOT NULL,
	`code` text NOT NULL,
	PRIMARY KEY(`inbound`, `sequence`)
);
--> statement-breakpoint
CREATE TABLE `federation_rooms` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`room` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `federation_rooms_room_unique` ON `federation_rooms` (`room`);