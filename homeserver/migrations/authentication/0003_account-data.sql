CREATE TABLE `authentication_account_data` (
	`owner` text NOT NULL,
	`slot` text NOT NULL,
	`version` integer NOT NULL,
	`sealed` blob NOT NULL,
	`changed_at` integer NOT NULL,
	PRIMARY KEY(`owner`, `slot`)
);
