/** What `cdk` runs. */
import { App } from "aws-cdk-lib";
import { marketplace } from "./marketplace.js";

const app = new App();
marketplace(app);
app.synth();
