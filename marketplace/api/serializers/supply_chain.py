"""What is in a version, and what is known of it."""

from rest_framework import serializers

from marketplace.algorithms.advisories import find_vulnerabilities
from marketplace.algorithms.bill_of_materials import count_licenses, list_packages
from marketplace.algorithms.models import ArtifactSignature, Version


class LicenseCountSerializer(serializers.Serializer):
    """A licence, as the packages name it."""

    license = serializers.CharField()
    packages = serializers.IntegerField()


class VulnerabilitySerializer(serializers.Serializer):
    """A known vulnerability of a package."""

    id = serializers.CharField(source="advisory_id")
    package = serializers.CharField(source="package.name")
    version = serializers.CharField(source="package.version")
    purl = serializers.CharField(source="package.purl")
    severity = serializers.CharField(help_text="In words; empty where none is said.")
    summary = serializers.CharField()
    fixed_in = serializers.CharField(help_text="The first version without it; empty where none is known.")


class SupplyChainSerializer(serializers.Serializer):
    """Packages, licences, vulnerabilities and signature of a version."""

    packages = serializers.IntegerField()
    licenses = LicenseCountSerializer(many=True)
    vulnerabilities = VulnerabilitySerializer(many=True)
    artifact = serializers.CharField(help_text="SHA-256, hex.")
    signature = serializers.CharField(help_text="The platform's, Ed25519, in base64.")


def describe_supply_chain(version: Version) -> dict[str, object]:
    """What SupplyChainSerializer shows."""
    packages = list_packages(version)
    signature = ArtifactSignature.objects.filter(pk=version.artifact).values_list("signature", flat=True).first()
    return {
        "packages": len(packages),
        "licenses": [{"license": name, "packages": count} for name, count in count_licenses(packages)],
        "vulnerabilities": find_vulnerabilities(packages),
        "artifact": version.artifact,
        "signature": signature or "",
    }
