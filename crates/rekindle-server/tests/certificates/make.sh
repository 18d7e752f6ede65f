#!/bin/sh
# How the certificates here were made: two of them, self-signed, of different kinds, good until 2076.
# Their keys are known to everybody: they are for tests alone.
set -eu
cd "$(dirname "$0")"
openssl ecparam -name prime256v1 -genkey -noout -out first.key.pem
openssl genpkey -algorithm ed25519 -out second.key.pem
work=$(mktemp -d)
cat >"$work/ca.cnf" <<CONFIG
[ca]
default_ca = own
[own]
database = $work/index
new_certs_dir = $work
rand_serial = yes
policy = any
default_md = default
unique_subject = no
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = DNS:localhost, DNS:auth.example.com, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
CONFIG
: >"$work/index"
for name in first second; do
    openssl req -new -key $name.key.pem -subj "/CN=$name" -out "$work/request"
    openssl ca -config "$work/ca.cnf" -batch -notext -selfsign -keyfile $name.key.pem -in "$work/request" \
        -startdate 20240101000000Z -enddate 20760101000000Z -out $name.crt.pem
done
rm -r "$work"
