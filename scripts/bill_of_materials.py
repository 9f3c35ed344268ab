"""Write the software bill of materials, docs/sbom.cdx.json (CycloneDX 1.6), from the lock files.

Usage: python scripts/bill_of_materials.py [--output FILE]

One component for each pin: name, version, licence, the hashes of the archives that pip accepts, and
whether it runs in production (`required`) or only in tests (`excluded`). The same lock files
give the same bytes: no time, no random number.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
import uuid
from pathlib import Path

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

import settings
from licences import licence_of
from lock_files import RUN_LOCK, TEST_LOCK, Pin, locked
from settings import PROJECT_ROOT, UserError

OUTPUT = PROJECT_ROOT / "docs" / "sbom.cdx.json"


def component(pin: Pin, is_run: bool) -> Component:
    """One pinned package."""
    url = PackageURL(type="pypi", name=pin.name, version=pin.version)
    licence = licence_of(pin.name)
    if licence is None:
        raise UserError(
            f"no licence is known, {pin.name} {pin.version}; read its licence file and add it to "
            "scripts/licences.yml"
        )
    return Component(
        type=ComponentType.LIBRARY,
        name=pin.name,
        version=pin.version,
        bom_ref=str(url),
        purl=url,
        scope=ComponentScope.REQUIRED if is_run else ComponentScope.EXCLUDED,
        licenses=[LicenseExpression(licence)],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(str(url)),
                comment="pip takes an archive with one of these hashes and no other",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=value) for value in pin.hashes],
            )
        ],
        properties=[Property(name="wardhouse:marker", value=str(pin.marker))] if pin.marker else (),
    )


def bill() -> str:
    """The whole document."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    runs = {(pin.name, pin.version) for pin in locked(RUN_LOCK)}
    pins = locked(TEST_LOCK)
    bom = Bom(
        components=[component(pin, (pin.name, pin.version) in runs) for pin in pins],
    )
    bom.metadata.component = Component(
        type=ComponentType.APPLICATION,
        name=project["name"],
        version=project["version"],
        description=project["description"],
        bom_ref=project["name"],
    )
    bom.register_dependency(bom.metadata.component, bom.components)  # the writer wants a root
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]
    del document["dependencies"]  # a lock file does not say what needs what
    content = hashlib.sha256((PROJECT_ROOT / TEST_LOCK).read_bytes()).hexdigest()
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}"
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(argv: list[str]) -> int:
    """Write the bill."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--output", type=Path, default=OUTPUT, help="another file")
    output = parser.parse_args(argv).output
    text = bill()
    output.write_text(text, encoding="utf-8")
    print(f"wrote {text.count('bom-ref') - 1} components to {output}")
    return 0


if __name__ == "__main__":
    settings.run_main(main)
