"""What the steps of a handshake are for: the texts, for TLS 1.3 (RFC 8446) and 1.2 (RFC 5246).

Secrets have their place in them in words only: that they exist, and what they are made from.
"""

from .transcript import MessageKind

__all__ = [
    "ALERT",
    "CHANGE_CIPHER_SPEC",
    "CHECK",
    "CLIENT_FINISHED",
    "KEYS_RESUMED_TLS12",
    "KEYS_RESUMED_TLS13",
    "KEYS_RSA",
    "KEYS_TLS12",
    "KEYS_TLS13",
    "RETRY",
    "RSA_KEY_EXCHANGE",
    "TITLES",
    "TLS12",
    "TLS13",
    "TRAFFIC_KEYS",
]

TITLES: dict[int, str] = {
    MessageKind.CLIENT_HELLO: "ClientHello",
    MessageKind.SERVER_HELLO: "ServerHello",
    MessageKind.NEW_SESSION_TICKET: "NewSessionTicket",
    MessageKind.ENCRYPTED_EXTENSIONS: "EncryptedExtensions",
    MessageKind.CERTIFICATE: "Certificate",
    MessageKind.SERVER_KEY_EXCHANGE: "ServerKeyExchange",
    MessageKind.CERTIFICATE_REQUEST: "CertificateRequest",
    MessageKind.SERVER_HELLO_DONE: "ServerHelloDone",
    MessageKind.CERTIFICATE_VERIFY: "CertificateVerify",
    MessageKind.CLIENT_KEY_EXCHANGE: "ClientKeyExchange",
    MessageKind.FINISHED: "Finished",
}

_TICKET = (
    "With this ticket the client may come back: the next handshake needs no certificate and no"
    " signature then."
)
_REQUEST = "The server wants to know who the client is: it asks for a certificate, too."

TLS13: dict[int, str] = {
    MessageKind.CLIENT_HELLO: (
        "The client begins: what it can do, a random value that makes this handshake like no"
        " other, and its half of a key exchange, in a group that it guesses the server will take."
    ),
    MessageKind.SERVER_HELLO: (
        "The server chooses version and cipher suite, and sends a random value of its own and its"
        " half of the key exchange."
    ),
    MessageKind.ENCRYPTED_EXTENSIONS: (
        "What else the server answers to what the client asked for."
    ),
    MessageKind.CERTIFICATE_REQUEST: _REQUEST,
    MessageKind.CERTIFICATE: (
        "Who the server is, and who says so. Nobody on the way can read it: that is new in 1.3."
    ),
    MessageKind.CERTIFICATE_VERIFY: (
        "The proof: a signature over all that was said so far, made with the private key of the"
        " certificate. A copied certificate is worth nothing without that key."
    ),
    MessageKind.FINISHED: (
        "A checksum over the whole handshake, made with a key that only these two have: nobody"
        " has changed a word on the way."
    ),
    MessageKind.NEW_SESSION_TICKET: _TICKET,
}

TLS12: dict[int, str] = {
    MessageKind.CLIENT_HELLO: (
        "The client begins: what it can do, and a random value that makes this handshake like no"
        " other."
    ),
    MessageKind.SERVER_HELLO: (
        "The server chooses version and cipher suite, and sends its own random value."
    ),
    MessageKind.CERTIFICATE: (
        "Who the server is, and who says so. Everybody on the way can read it."
    ),
    MessageKind.SERVER_KEY_EXCHANGE: (
        "The server's half of the key exchange, made for this connection only, and the proof: its"
        " signature, made with the private key of the certificate."
    ),
    MessageKind.CERTIFICATE_REQUEST: _REQUEST,
    MessageKind.SERVER_HELLO_DONE: "The server has said all that it has to say for now.",
    MessageKind.CERTIFICATE_VERIFY: "The client proves that the certificate it sent is its own.",
    MessageKind.CLIENT_KEY_EXCHANGE: "The client's half of the key exchange.",
    MessageKind.FINISHED: (
        "A checksum over the whole handshake, the first message that is encrypted: nobody has"
        " changed a word on the way."
    ),
    MessageKind.NEW_SESSION_TICKET: _TICKET,
}

RETRY = (
    "The server wants the key exchange in another group than the client guessed: one round trip"
    " more."
)
CLIENT_FINISHED = "The same from the client. Its first request can follow at once."
CHANGE_CIPHER_SPEC = "From here on, this side encrypts what it sends."

RSA_KEY_EXCHANGE = (
    "The client makes up the pre-master secret and sends it, encrypted with the public key of the"
    " certificate. Whoever gets the private key one day can read what was recorded today; so TLS"
    " 1.3 has given this way up."
)

ALERT = "The handshake ends here, and this is why."

CHECK = (
    "Is the certificate for this name, and valid today? Does it lead to an authority that is"
    " trusted here? Does the server have its private key?"
)

KEYS_TLS13 = (
    "Each side puts together its own private key and the public key of the other: both get the"
    " same secret, and it was never sent. From it and from what was said so far, HKDF makes the"
    " keys of the handshake. All that follows is encrypted."
)
KEYS_RESUMED_TLS13 = (
    "Both sides know a secret from their last connection: it stands in for certificate and"
    " signature. A new key exchange goes into the keys as well, so that who learns the old secret"
    " learns nothing of this connection."
)
TRAFFIC_KEYS = (
    "HKDF again, over the whole handshake: the keys of the data, one for each direction. Those of"
    " the handshake are thrown away."
)
KEYS_TLS12 = (
    "Each side puts together its own private key and the public key of the other: both get the"
    " same pre-master secret, and it was never sent. With the two random values it becomes the"
    " master secret, and that the key material: a key for each direction."
)
KEYS_RSA = (
    "Both sides have the pre-master secret now. With the two random values it becomes the master"
    " secret, and that the key material: a key for each direction."
)
KEYS_RESUMED_TLS12 = (
    "Both sides know the master secret of their last connection. With the two new random values"
    " it becomes new key material: a key for each direction."
)
