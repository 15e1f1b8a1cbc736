CREATE TABLE `factors_emails` (
	`name` text NOT NULL,
	`verified` integer NOT NULL,
	`key_id` text NOT NULL,
	`content` blob NOT NULL,
	`tries_left` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`name`, `verified`)
);
