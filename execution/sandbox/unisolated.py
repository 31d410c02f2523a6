"""No isolation at all, for a machine that has none and an operator who runs only code of their own."""

from execution.sandbox.plan import BASE_VARIABLES, Launch, SlotPlan, fill, rlimits

NICENESS = "10"


class UnisolatedSandbox:
    """The runner as a plain process with rlimits."""

    def plan_launch(self, plan: SlotPlan) -> Launch:
        runner, version = str(plan.runner_folder), str(plan.version_folder)
        variables = {name: fill(value, plan, runner=runner, version=version) for name, value in plan.variables.items()}
        variables["AGORA_GATEWAY_SOCKET"] = str(plan.gateway_folder / "gateway.sock")
        command = (fill(part, plan, runner=runner, version=version) for part in plan.command)
        limits = (
            limit for limit in rlimits(plan) if not limit.startswith("--nproc")
        )  # it would count the whole user's
        # As bubblewrap does: it dies with the agent. And the platform's own processes go first.
        bound = ("setpriv", "--pdeathsig", "KILL", "--", "/usr/bin/nice", "-n", NICENESS)
        return Launch((*bound, *limits, *command), {**BASE_VARIABLES, **variables}, directory=version)
