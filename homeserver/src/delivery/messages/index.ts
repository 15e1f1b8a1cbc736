/** Application messages, durable or ephemeral. */
export { checkHandshakeFraming } from "./epoch-window.ts";
export { createIntake, type Intake } from "./intake.ts";
export { checkSender, checkSubmission, readSubmission, type Submission } from "./submission.ts";
export { submitEphemeral } from "./submit-ephemeral.ts";
export { submitMessage } from "./submit.ts";
