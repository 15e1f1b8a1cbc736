CREATE TABLE `key_packages_handed_out` (
	`ref` blob NOT NULL,
	`requester` text NOT NULL,
	`room` text NOT NULL,
	`client` text NOT NULL,
	`at` integer NOT NULL,
	`not_after` integer NOT NULL,
	PRIMARY KEY(`ref`, `requester`, `room`)
);
--> statement-breakpoint
CREATE INDEX `key_packages_handed_out_by_client` ON `key_packages_handed_out` (`client`);--> statement-breakpoint
CREATE INDEX `key_packages_handed_out_by_expiry` ON `key_packages_handed_out` (`not_after`);--> statement-breakpoint
CREATE TABLE `key_packages_stock` (
	`ref` blob PRIMARY KEY NOT NULL,
	`client` text NOT NULL,
	`suite` integer NOT NULL,
	`last_resort` integer NOT NULL,
	`not_before` integer NOT NULL,
	`not_after` integer NOT NULL,
	`key_package` blob NOT NULL
);
--> statement-breakpoint
CREATE INDEX `key_packages_stock_by_client` ON `key_packages_stock` (`client`,`last_resort`,`suite`,`not_after`);--> statement-breakpoint
CREATE INDEX `key_packages_stock_by_expiry` ON `key_packages_stock` (`not_after`);