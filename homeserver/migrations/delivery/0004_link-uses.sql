CREATE TABLE `delivery_link_uses` (
	`room_id` integer NOT NULL,
	`position` integer NOT NULL,
	`link` blob NOT NULL,
	`owed_to` text,
	PRIMARY KEY(`room_id`, `position`)
);
--> statement-breakpoint
CREATE INDEX `delivery_link_uses_by_link` ON `delivery_link_uses` (`room_id`,`link`);