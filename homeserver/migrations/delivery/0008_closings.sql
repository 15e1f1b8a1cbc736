CREATE TABLE `delivery_closings` (
	`room` text NOT NULL,
	`term` integer NOT NULL,
	`signed_head` blob NOT NULL,
	`closed_at` integer NOT NULL,
	PRIMARY KEY(`room`, `term`)
);
--> statement-breakpoint
CREATE INDEX `delivery_closings_by_time` ON `delivery_closings` (`closed_at`);