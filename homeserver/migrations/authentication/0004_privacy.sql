CREATE TABLE `authentication_privacy` (
	`owner` text PRIMARY KEY NOT NULL,
	`findable` text NOT NULL,
	`requests` text NOT NULL,
	`adding` text NOT NULL
);
