CREATE TABLE `key_packages_answers` (
	`peer` text NOT NULL,
	`transaction_id` text NOT NULL,
	`target` text NOT NULL,
	`request_hash` blob NOT NULL,
	`answer` blob NOT NULL,
	`kept_at` integer NOT NULL,
	PRIMARY KEY(`peer`, `transaction_id`)
);
--> statement-breakpoint
CREATE INDEX `key_packages_answers_by_time` ON `key_packages_answers` (`kept_at`);--> statement-breakpoint
CREATE INDEX `key_packages_answers_by_target` ON `key_packages_answers` (`target`);--> statement-breakpoint
CREATE INDEX `key_packages_handed_out_by_requester` ON `key_packages_handed_out` (`requester`);