use std::collections::BTreeMap;
fn main() {
    for path in std::env::args().skip(1) {
        let bytes = bytes::Bytes::from(std::fs::read(&path).unwrap());
        match qdq::formats::onnx::read(bytes, &|_| Err(qdq::error::Error::data("no"))) {
            Err(e) => println!("{path}: {e}"),
            Ok(mut g) => {
                qdq::passes::freeze_inputs(&mut g);
                let n = g.n_nodes();
                match qdq::passes::canonicalize(&mut g) {
                    Err(e) => println!("{path}: canon: {e}"),
                    Ok(a) => println!("{path}: {n} -> {} {a:?}", g.n_nodes()),
                }
                if let Err(e) = g.verify() {
                    println!("  verify: {e}");
                }
                match qdq::quant::plan(&g, qdq::targets::Target::find("onnxruntime").unwrap()) {
                    Err(e) => println!("  plan: {e}"),
                    Ok(p) => {
                        let mut c: BTreeMap<String, usize> = BTreeMap::new();
                        for (pl, d) in &p.decisions {
                            *c.entry(format!(
                                "{} {d:?}",
                                qdq::quant::blocks(&g)[pl.block].nodes[pl.node].op.name()
                            ))
                            .or_default() += 1;
                        }
                        for (k, v) in c {
                            println!("    {v:4} {k}");
                        }
                    }
                }
            }
        }
    }
}
