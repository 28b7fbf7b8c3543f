// Runs a compiled program on an engine by the Automation API, which needs no language host:
//     node drive.js PROGRAM FOLDER preview|up|destroy CLI
// Prints the steps and outputs, or the error, as JSON.
const { LocalWorkspace, PulumiCommand } = require("@pulumi/pulumi/automation");

async function main([program, workDir, command, root]) {
    const stack = await LocalWorkspace.createOrSelectStack(
        { stackName: "demo", projectName: "trainings", program: async () => ({ ...require(program) }) },
        {
            workDir,
            secretsProvider: "passphrase",
            pulumiCommand: await PulumiCommand.get({ root, skipVersionCheck: true }),
        },
    );
    await stack.setConfig("aws:region", { value: "us-east-1" });
    const steps = [];
    const onEvent = event => {
        const step = event.resourcePreEvent?.metadata;
        if (step && !["same", "read"].includes(step.op) && step.type !== "pulumi:pulumi:Stack") {
            steps.push([step.op, step.type, step.urn.split("::").pop()]);
        }
    };
    const result = await stack[command]({ onEvent, color: "never" });
    const outputs = Object.entries(result.outputs ?? {}).map(([name, output]) => [name, output.value]);
    return { steps, outputs: Object.fromEntries(outputs) };
}

main(process.argv.slice(2))
    .catch(error => ({ steps: [], outputs: {}, error: String(error) }))
    .then(answer => process.stdout.write(JSON.stringify(answer), () => process.exit(0)));
