CREATE TABLE `assets_assets` (
	`asset` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`blob` text NOT NULL,
	`size` integer NOT NULL,
	`hash` blob NOT NULL,
	`kind` text NOT NULL,
	`room` text,
	`secret_hash` blob,
	`name` text,
	`created_at` integer NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `assets_assets_by_owner` ON `assets_assets` (`owner`,`size`);--> statement-breakpoint
CREATE INDEX `assets_assets_by_blob` ON `assets_assets` (`blob`);--> statement-breakpoint
CREATE INDEX `assets_assets_by_expiry` ON `assets_assets` (`expires_at`);--> statement-breakpoint
CREATE UNIQUE INDEX `assets_assets_by_name` ON `assets_assets` (`owner`,`name`) WHERE name IS NOT NULL;--> statement-breakpoint
CREATE TABLE `assets_blobs` (
	`blob` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL,
	`doomed` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `assets_blobs_doomed` ON `assets_blobs` (`doomed`);--> statement-breakpoint
CREATE TABLE `assets_copies` (
	`asset` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL,
	`room` text,
	`secret_hash` blob,
	`asked_at` integer NOT NULL,
	`used_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `assets_copies_by_use` ON `assets_copies` (`used_at`);--> statement-breakpoint
CREATE TABLE `assets_holders` (
	`asset` text NOT NULL,
	`peer` text NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `assets_holders_by_asset` ON `assets_holders` (`asset`,`peer`);--> statement-breakpoint
CREATE INDEX `assets_holders_deleted` ON `assets_holders` (`deleted_at`,`peer`);--> statement-breakpoint
CREATE TABLE `assets_uploads` (
	`blob` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`size` integer NOT NULL,
	`audience` text NOT NULL,
	`expires_at` integer,
	`touched_at` integer NOT NULL,
	`asset` text
);
--> statement-breakpoint
CREATE INDEX `assets_uploads_by_owner` ON `assets_uploads` (`owner`,`asset`);--> statement-breakpoint
CREATE INDEX `assets_uploads_by_time` ON `assets_uploads` (`touched_at`);