CREATE TABLE `authentication_recovery_copies` (
	`owner` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`verification_key` blob NOT NULL,
	`sealed_copy` blob NOT NULL,
	`created_at` integer NOT NULL
);
