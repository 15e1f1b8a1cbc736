CREATE TABLE `queuing_jumps` (
	`stream` integer NOT NULL,
	`from` integer NOT NULL,
	`to` integer NOT NULL,
	`head` blob,
	PRIMARY KEY(`stream`, `to`)
);
