CREATE TABLE `queuing_entries` (
	`id` integer PRIMARY KEY NOT NULL,
	`stream` integer NOT NULL,
	`position` integer NOT NULL,
	`handshake` integer NOT NULL,
	`stored_at` integer NOT NULL,
	`bytes` blob NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `queuing_entries_by_position` ON `queuing_entries` (`stream`,`position`);--> statement-breakpoint
CREATE TABLE `queuing_incarnations` (
	`id` integer PRIMARY KEY NOT NULL,
	`incarnation` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `queuing_streams` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`kind` integer NOT NULL,
	`pruned_to` integer DEFAULT 0 NOT NULL,
	`dropped_to` integer DEFAULT 0 NOT NULL,
	`overflowed_to` integer DEFAULT 0 NOT NULL,
	`due_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `queuing_streams_name_unique` ON `queuing_streams` (`name`);--> statement-breakpoint
CREATE INDEX `queuing_streams_by_due` ON `queuing_streams` (`due_at`);--> statement-breakpoint
CREATE TABLE `queuing_subscriptions` (
	`client` integer NOT NULL,
	`stream` integer NOT NULL,
	`after` integer NOT NULL,
	`up_to` integer,
	`cursor` integer NOT NULL,
	`awaits_inbox` integer NOT NULL,
	PRIMARY KEY(`client`, `stream`, `after`)
);
--> statement-breakpoint
CREATE INDEX `queuing_subscriptions_by_stream` ON `queuing_subscriptions` (`stream`);