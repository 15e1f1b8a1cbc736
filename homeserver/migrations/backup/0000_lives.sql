CREATE TABLE `backup_lives` (
	`id` integer PRIMARY KEY NOT NULL,
	`count` integer NOT NULL,
	`incarnation` blob NOT NULL,
	`copied_at` integer
);
