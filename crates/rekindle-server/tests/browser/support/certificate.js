// A certificate that signs itself, for one run of the tests: no key lies in the repository, and no program is needed
// to make one. X.509 as in RFC 5280 section 4.1, ECDSA as in RFC 5758 section 3.2.

import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** An element of DER (ITU-T X.690): its tag, its length, what it holds. */
function der(tag, ...parts) {
  const body = Buffer.concat(parts);
  const length = [];
  for (let rest = body.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff);
  const head = body.length < 0x80 ? [body.length] : [0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from([tag, ...head]), body]);
}

const sequence = (...parts) => der(0x30, ...parts);
const oid = (...bytes) => der(0x06, Buffer.from(bytes));
const bits = (bytes) => der(0x03, Buffer.from([0]), bytes);

const ECDSA_WITH_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const SUBJECT_ALT_NAME = oid(0x55, 0x1d, 0x11);

function moment(offsetDays) {
  const text = new Date(Date.now() + offsetDays * 86_400_000).toISOString();
  return der(0x17, Buffer.from(`${text.slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));
}

/** Key and certificate for `names`, as PEM. */
export function selfSigned(names) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(names[0])))));
  const alternatives = sequence(...names.map((each) => der(0x82, Buffer.from(each))));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const certificate = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    name,
    sequence(moment(-1), moment(2)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(SUBJECT_ALT_NAME, der(0x04, alternatives)))),
  );
  const signed = sequence(certificate, ECDSA_WITH_SHA256, bits(sign("sha256", certificate, privateKey)));
  const lines = signed.toString("base64").match(/.{1,64}/g).join("\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}
