# Everything that must be green.
ci:
    cargo xtask ci

# The fast loop: no moto.
test:
    cargo nextest run --workspace -E 'not binary(moto)'

lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets

# The generated documents.
docs:
    cargo xtask docs

# The recorded estate, judged.
see:
    cargo run --locked -- audit --offline corpus/recorded/moto
