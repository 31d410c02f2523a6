"""What runs now. Times are seconds, memory is bytes."""

from rest_framework import serializers

from marketplace.monitor.sights import CallSeen, SlotSeen


class RunningCallSerializer(serializers.Serializer):
    """A call in progress."""

    call_id = serializers.CharField(source="call.call_id")
    parent_id = serializers.CharField(source="call.parent_id", allow_null=True)
    algorithm = serializers.CharField(source="call.algorithm")
    version = serializers.CharField(source="call.version")
    caller = serializers.SerializerMethodField(help_text="The organization that pays.")
    member = serializers.SerializerMethodField(help_text="Whose key it was made with.")
    state = serializers.SerializerMethodField(help_text="`waiting` for a slot, or `running`.")
    node = serializers.CharField()
    slot = serializers.IntegerField(source="call.slot_id", allow_null=True)
    age_seconds = serializers.FloatField(source="age")
    memory_bytes = serializers.IntegerField(source="memory", help_text="The most that its slot held lately.")

    def get_caller(self, seen: CallSeen) -> str:
        payers: dict[str, str] = self.context["payers"]
        return payers.get(seen.call.payer_id, "")

    def get_member(self, seen: CallSeen) -> str:
        users: dict[int, str] = self.context["users"]
        return users.get(seen.call.user_id, "")

    def get_state(self, seen: CallSeen) -> str:
        return "waiting" if seen.waiting else "running"


class QueueSerializer(serializers.Serializer):
    """A version that has slots, or calls that wait for one."""

    algorithm = serializers.CharField()
    version = serializers.CharField()
    waiting = serializers.IntegerField()
    slots = serializers.IntegerField()
    busy = serializers.IntegerField()
    call_microseconds = serializers.IntegerField(source="run_us", help_text="What its calls take, on average.")


class SlotSerializer(serializers.Serializer):
    """A slot."""

    node = serializers.CharField()
    slot = serializers.IntegerField(source="slot_id")
    environment = serializers.CharField()
    state = serializers.SerializerMethodField(help_text="booting, warm, loading, idle or busy.")
    algorithm = serializers.CharField(source="held.algorithm", default="")
    version = serializers.CharField(source="held.version", default="")
    age_seconds = serializers.FloatField(source="age")
    calls = serializers.IntegerField(source="held.calls", default=0)
    cpu_microseconds = serializers.IntegerField(source="held.cpu_us", default=0)
    memory_bytes = serializers.IntegerField(source="held.memory", default=0)

    def get_state(self, slot: SlotSeen) -> str:
        if slot.held is None:
            return slot.state
        return "busy" if slot.held.busy else "idle"


class NodeSerializer(serializers.Serializer):
    """A machine; only administrators of the platform see them."""

    name = serializers.CharField()
    processors = serializers.IntegerField()
    load = serializers.FloatField()
    memory_bytes = serializers.IntegerField(source="memory")
    memory_free_bytes = serializers.IntegerField(source="memory_free")
    slots = serializers.IntegerField()
    max_slots = serializers.IntegerField()
    draining = serializers.BooleanField()


class PictureSerializer(serializers.Serializer):
    """All that one may see."""

    call_count = serializers.IntegerField()
    calls = RunningCallSerializer(many=True, help_text="The oldest first; of very many, the oldest.")
    queues = QueueSerializer(many=True)
    slots = SlotSerializer(many=True)
    nodes = NodeSerializer(many=True)


class DrainSerializer(serializers.Serializer):
    """Whether a machine is to begin no more calls."""

    draining = serializers.BooleanField()
