CREATE TABLE `delivery_claims` (
	`room` text PRIMARY KEY NOT NULL,
	`claim` blob NOT NULL,
	`endorsements` blob NOT NULL,
	`hub_private_key` blob NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `delivery_claims_by_end` ON `delivery_claims` (`expires_at`);