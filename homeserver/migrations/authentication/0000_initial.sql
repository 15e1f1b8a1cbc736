CREATE TABLE `authentication_accounts` (
	`name` text PRIMARY KEY NOT NULL,
	`admin` integer NOT NULL,
	`identity_key` blob NOT NULL,
	`password_record` blob,
	`recovery_bundle` blob NOT NULL,
	`credential_version` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `authentication_client_lists` (
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`hash` blob NOT NULL,
	`signed_list` blob NOT NULL,
	`accepted_at` integer NOT NULL,
	PRIMARY KEY(`name`, `version`)
);
--> statement-breakpoint
CREATE TABLE `authentication_clients` (
	`client` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`signature_key` blob NOT NULL,
	`leaf_identity` blob NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `authentication_clients_by_name` ON `authentication_clients` (`name`);--> statement-breakpoint
CREATE TABLE `authentication_invites` (
	`id` text PRIMARY KEY NOT NULL,
	`token_hash` blob NOT NULL,
	`admin` integer NOT NULL,
	`uses` integer NOT NULL,
	`uses_left` integer NOT NULL,
	`expires_at` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authentication_invites_by_token` ON `authentication_invites` (`token_hash`);--> statement-breakpoint
CREATE TABLE `authentication_sessions` (
	`token_hash` blob PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`client` text NOT NULL,
	`created_at` integer NOT NULL,
	`used_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authentication_sessions_by_id` ON `authentication_sessions` (`id`);--> statement-breakpoint
CREATE INDEX `authentication_sessions_by_name` ON `authentication_sessions` (`name`);--> statement-breakpoint
CREATE INDEX `authentication_sessions_by_use` ON `authentication_sessions` (`used_at`);--> statement-breakpoint
CREATE TABLE `authentication_tombstones` (
	`name_hash` blob PRIMARY KEY NOT NULL,
	`deleted_at` integer NOT NULL
);
