//! A model.

use crate::call::view;

/// What a model says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFacts {
    /// Its execution role.
    pub execution_role: Option<String>,
    /// What it loads from S3, in the order of its containers.
    pub artifacts: Vec<Artifact>,
    /// The model packages that its containers come from and whose artifacts it does not name.
    pub packages: Vec<String>,
}

/// What a place that a container loads from stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// One object.
    Object,
    /// Everything under a prefix.
    Prefix,
    /// What a manifest names, which is not read.
    Manifest,
}

/// What a container loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// `s3://bucket/key`.
    pub uri: String,
    /// What the place stands for.
    pub extent: Extent,
    /// AWS's name of the field.
    pub field: &'static str,
}

impl ModelFacts {
    /// Takes what we need from a reply.
    #[must_use]
    pub fn read(view: view::DescribeModel) -> Self {
        let mut facts = Self {
            execution_role: view.execution_role_arn,
            ..Self::default()
        };
        let containers = view.containers.unwrap_or_default();
        for container in view.primary_container.into_iter().chain(containers) {
            facts.add(container);
        }
        facts
    }

    fn add(&mut self, container: view::Container) {
        let before = self.artifacts.len();
        // SageMaker API, `ContainerDefinition`, `Mode`: of MultiModel the URL is a prefix.
        let extent = match container.mode.as_deref() {
            Some("MultiModel") => Extent::Prefix,
            Some(_) | None => Extent::Object,
        };
        self.push(container.model_data_url, extent, "ModelDataUrl");
        let own = container.model_data_source.into_iter();
        for source in own.filter_map(|source| source.s3_data_source) {
            self.push_source(source, extent, "ModelDataSource.S3DataSource.S3Uri");
        }
        let more = container
            .additional_model_data_sources
            .into_iter()
            .flatten();
        for source in more.filter_map(|source| source.s3_data_source) {
            let field = "AdditionalModelDataSources.S3DataSource.S3Uri";
            self.push_source(source, Extent::Object, field);
        }
        if self.artifacts.len() == before {
            self.packages.extend(container.model_package_name);
        }
    }

    /// SageMaker API, `S3ModelDataSource`, `S3DataType`: only of S3Object the URI is one object's.
    fn push_source(&mut self, source: view::S3ModelDataSource, of: Extent, field: &'static str) {
        let extent = match source.s3_data_type.as_deref() {
            Some("S3Object") => of,
            Some(_) | None => Extent::Prefix,
        };
        self.push(source.s3_uri, extent, field);
        let manifest = source.manifest_s3_uri;
        self.push(manifest, Extent::Manifest, "S3DataSource.ManifestS3Uri");
    }

    fn push(&mut self, uri: Option<String>, extent: Extent, field: &'static str) {
        let uri = uri.filter(|uri| !uri.is_empty());
        self.artifacts
            .extend(uri.map(|uri| Artifact { uri, extent, field }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_found_wherever_a_model_names_them() {
        let cases = [
            (
                "an image only",
                r#"{"PrimaryContainer":{"Image":"i"}}"#,
                &[][..],
                0,
            ),
            (
                "a URL",
                r#"{"PrimaryContainer":{"ModelDataUrl":"s3://b1b/a"}}"#,
                &[("s3://b1b/a", Extent::Object)],
                0,
            ),
            (
                "many models",
                r#"{"PrimaryContainer":{"Mode":"MultiModel","ModelDataUrl":"s3://b1b/"}}"#,
                &[("s3://b1b/", Extent::Prefix)],
                0,
            ),
            (
                "sources",
                r#"{"Containers":[{"ModelDataSource":{"S3DataSource":{"S3Uri":"s3://b1b/o","S3DataType":"S3Object"}},
                    "AdditionalModelDataSources":[{"S3DataSource":{"S3Uri":"s3://b1b/p/","S3DataType":"S3Prefix","ManifestS3Uri":"s3://b1b/m"}}]},
                   {"ModelDataUrl":""}]}"#,
                &[
                    ("s3://b1b/o", Extent::Object),
                    ("s3://b1b/p/", Extent::Prefix),
                    ("s3://b1b/m", Extent::Manifest),
                ],
                0,
            ),
            (
                "a package that names nothing",
                r#"{"Containers":[{"ModelPackageName":"p"},{"ModelPackageName":"q","ModelDataUrl":"s3://b1b/a"}]}"#,
                &[("s3://b1b/a", Extent::Object)],
                1,
            ),
        ];
        for (about, body, artifacts, packages) in cases {
            let view = serde_json::from_str(body).expect("a model");
            let facts = ModelFacts::read(view);
            let found: Vec<(&str, Extent)> = facts
                .artifacts
                .iter()
                .map(|one| (one.uri.as_str(), one.extent))
                .collect();
            assert_eq!(found, artifacts, "{about}");
            assert_eq!(facts.packages.len(), packages, "{about}");
        }
    }
}
