"""Validates XML documents against an XML Schema with libxml2: validate_xml.py SCHEMA DOCUMENT..."""

import ctypes
import sys

libxml2 = ctypes.CDLL("libxml2.so.2")
for function in (
    "xmlSchemaNewParserCtxt",
    "xmlSchemaParse",
    "xmlSchemaNewValidCtxt",
    "xmlReadFile",
):
    getattr(libxml2, function).restype = ctypes.c_void_p


def pointer(address, what):
    """A pointer that is not null; libxml2 has said on standard error what is wrong."""
    if not address:
        sys.exit(f"{what} cannot be used")
    return ctypes.c_void_p(address)


schema_path, *documents = sys.argv[1:]
parser = pointer(libxml2.xmlSchemaNewParserCtxt(schema_path.encode()), schema_path)
schema = pointer(libxml2.xmlSchemaParse(parser), schema_path)
wrong = 0
for path in documents:
    document = pointer(libxml2.xmlReadFile(path.encode(), None, 0), path)
    validation = pointer(libxml2.xmlSchemaNewValidCtxt(schema), path)
    wrong += libxml2.xmlSchemaValidateDoc(validation, document) != 0
sys.exit(1 if wrong else 0)
