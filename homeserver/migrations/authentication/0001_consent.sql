CREATE TABLE `authentication_blocks` (
	`owner` text NOT NULL,
	`user` text NOT NULL,
	`blocked_at` integer NOT NULL,
	PRIMARY KEY(`owner`, `user`)
);
--> statement-breakpoint
CREATE INDEX `authentication_blocks_by_user` ON `authentication_blocks` (`user`);--> statement-breakpoint
CREATE TABLE `authentication_contacts` (
	`owner` text NOT NULL,
	`user` text NOT NULL,
	`room` text NOT NULL,
	`domain` text NOT NULL,
	`asked` integer NOT NULL,
	`waiting` integer NOT NULL,
	`given` integer NOT NULL,
	`received` integer NOT NULL,
	`note` text NOT NULL,
	`changed_at` integer NOT NULL,
	PRIMARY KEY(`owner`, `user`, `room`)
);
--> statement-breakpoint
CREATE INDEX `authentication_contacts_by_user` ON `authentication_contacts` (`user`);--> statement-breakpoint
CREATE INDEX `authentication_contacts_by_domain` ON `authentication_contacts` (`domain`,`asked`);