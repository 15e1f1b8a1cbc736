CREATE TABLE `authentication_store_marks` (
	`client` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`mark` blob NOT NULL,
	`replaced` blob NOT NULL,
	`copied_at` integer
);
--> statement-breakpoint
CREATE INDEX `authentication_store_marks_by_name` ON `authentication_store_marks` (`name`);