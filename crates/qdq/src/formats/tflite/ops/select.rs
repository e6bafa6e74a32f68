//! Choices between elements.

use super::super::node_reader::NodeReader;
use crate::error::Result;
use crate::ops::Where;

pub(super) fn read_select(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let inputs = [r.real(0)?, r.real(1)?, r.real(2)?];
    let y = r.push(Where {}, &inputs);
    r.give(0, y)
}
