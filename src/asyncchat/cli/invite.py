"""`asyncchat invite`: its arguments, and the link that it prints."""

import argparse

from asyncchat.cli.arguments import Parser, checked
from asyncchat.errors import ChatError
from asyncchat.system import stdio
from asyncchat.system.addresses import DEFAULT_PORT, Address, parse_address

DESCRIPTION = "Print a link to a server: `asyncchat join LINK` knows the server's certificate by it."


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `invite` to `parser`."""
    parser.add_argument(
        "address",
        metavar="HOST[:PORT]",
        type=checked(parse_address),
        help=f"address at which others reach the server (default port: {DEFAULT_PORT})",
    )
    certificate = parser.add_mutually_exclusive_group(required=True)
    certificate.add_argument("--store", metavar="FILE", help="the store of a server with `--tls self`")
    certificate.add_argument("--tls-cert", metavar="FILE", help="the certificate of the server")


def run(options: argparse.Namespace) -> int:
    """Print the link; return the exit code. Raises ChatError."""
    from asyncchat.tls.certificate import fingerprint_in
    from asyncchat.tls.link import Link
    from asyncchat.tls.self_signed import path_of

    host, port = options.address
    try:
        fingerprint = fingerprint_in(options.tls_cert or path_of(options.store))
    except ChatError as error:
        hint = "" if options.tls_cert else ". `asyncchat serve --tls self` makes it"
        raise ChatError(f"{error}{hint}") from None
    stdio.write(f"{Link(Address(host, port or DEFAULT_PORT), fingerprint)}\n".encode())
    return 0
