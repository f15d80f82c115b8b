package ast

// Tag returns the command tag of a statement as CommandComplete starts with
// it, less the row counts: "SELECT", "CREATE TABLE", "INSERT", ...
func Tag(stmt Statement) string {
	switch s := stmt.(type) {
	case *Select:
		if s.Into != nil {
			return "SELECT INTO"
		}
		return "SELECT"
	case *Insert:
		return "INSERT"
	case *Update:
		return "UPDATE"
	case *Delete:
		return "DELETE"
	case *Merge:
		return "MERGE"
	case *Copy:
		return "COPY"
	case *Truncate:
		return "TRUNCATE TABLE"
	case *Call:
		return "CALL"
	case *Do:
		return "DO"
	case *Unsupported:
		return s.Name
	}
	if tag := utilityTag(stmt); tag != "" {
		return tag
	}
	return ddlTag(stmt)
}

var transactionTags = [...]string{
	TxnBegin:            "BEGIN",
	TxnStart:            "START TRANSACTION",
	TxnCommit:           "COMMIT",
	TxnRollback:         "ROLLBACK",
	TxnSavepoint:        "SAVEPOINT",
	TxnRelease:          "RELEASE",
	TxnRollbackTo:       "ROLLBACK",
	TxnPrepare:          "PREPARE TRANSACTION",
	TxnCommitPrepared:   "COMMIT PREPARED",
	TxnRollbackPrepared: "ROLLBACK PREPARED",
}

var discardTags = [...]string{
	DiscardAll:       "DISCARD ALL",
	DiscardPlans:     "DISCARD PLANS",
	DiscardSequences: "DISCARD SEQUENCES",
	DiscardTemp:      "DISCARD TEMP",
}

func utilityTag(stmt Statement) string {
	switch s := stmt.(type) {
	case *Transaction:
		return transactionTags[s.Kind]
	case *Set:
		if s.Kind == SetReset || s.Kind == SetResetAll {
			return "RESET"
		}
		return "SET"
	case *Show:
		return "SHOW"
	case *Discard:
		return discardTags[s.Kind]
	case *SetConstraints:
		return "SET CONSTRAINTS"
	case *Prepare:
		return "PREPARE"
	case *Execute:
		return "EXECUTE"
	case *Deallocate:
		return allTag("DEALLOCATE", s.All)
	case *DeclareCursor:
		return "DECLARE CURSOR"
	case *Fetch:
		if s.Move {
			return "MOVE"
		}
		return "FETCH"
	case *CloseCursor:
		return allTag("CLOSE CURSOR", s.All)
	case *Explain:
		return "EXPLAIN"
	case *Vacuum:
		if s.Analyze {
			return "ANALYZE"
		}
		return "VACUUM"
	case *Reindex:
		return "REINDEX"
	case *Cluster:
		return "CLUSTER"
	case *Checkpoint:
		return "CHECKPOINT"
	case *Lock:
		return "LOCK TABLE"
	case *Listen:
		return "LISTEN"
	case *Unlisten:
		return "UNLISTEN"
	case *Notify:
		return "NOTIFY"
	}
	return ""
}

func allTag(tag string, all bool) string {
	if all {
		return tag + " ALL"
	}
	return tag
}

func ddlTag(stmt Statement) string {
	switch s := stmt.(type) {
	case *CreateTable:
		return "CREATE TABLE"
	case *CreateTableAs:
		if s.Materialized {
			return "CREATE MATERIALIZED VIEW"
		}
		return "CREATE TABLE AS"
	case *RefreshMaterializedView:
		return "REFRESH MATERIALIZED VIEW"
	case *CreateIndex:
		return "CREATE INDEX"
	case *CreateView:
		return "CREATE VIEW"
	case *CreateSequence:
		return "CREATE SEQUENCE"
	case *CreateSchema:
		return "CREATE SCHEMA"
	case *CreateDatabase:
		return "CREATE DATABASE"
	case *CreateRole:
		return "CREATE ROLE"
	case *CreateEnum, *CreateComposite:
		return "CREATE TYPE"
	case *CreateDomain:
		return "CREATE DOMAIN"
	case *AlterExtension:
		return "ALTER EXTENSION"
	case *CreateExtension:
		return "CREATE EXTENSION"
	case *CreateFunction:
		if s.Procedure {
			return "CREATE PROCEDURE"
		}
		return "CREATE FUNCTION"
	case *Drop:
		return "DROP " + string(s.Kind)
	case *DropDatabase:
		return "DROP DATABASE"
	case *DropRole:
		return "DROP ROLE"
	case *DropOwned:
		return "DROP OWNED"
	case *ReassignOwned:
		return "REASSIGN OWNED"
	case *Comment:
		return "COMMENT"
	case *Grant:
		return grantTag(s.Revoke, "")
	case *GrantRole:
		return grantTag(s.Revoke, " ROLE")
	}
	return alterTag(stmt)
}

func grantTag(revoke bool, what string) string {
	if revoke {
		return "REVOKE" + what
	}
	return "GRANT" + what
}

func alterTag(stmt Statement) string {
	switch s := stmt.(type) {
	case *AlterTable:
		return "ALTER " + string(s.Kind)
	case *Rename:
		if s.Kind == ObjectColumn || s.Kind == ObjectTableConstraint || s.Kind == ObjectAttribute {
			return alterRelationTag(s.RelationKind)
		}
		if s.Kind == ObjectDomainConstraint {
			return "ALTER DOMAIN"
		}
		return alterRelationTag(s.Kind)
	case *AlterObjectSchema:
		return alterRelationTag(s.Kind)
	case *AlterOwnerTo:
		return alterRelationTag(s.Kind)
	case *AlterSequence:
		return "ALTER SEQUENCE"
	case *AlterDatabase:
		return "ALTER DATABASE"
	case *AlterRole, *AlterRoleSet:
		return "ALTER ROLE"
	case *AlterSystem:
		return "ALTER SYSTEM"
	case *AlterEnum:
		return "ALTER TYPE"
	case *AlterDomain:
		return "ALTER DOMAIN"
	case *AlterDefaultPrivileges:
		return "ALTER DEFAULT PRIVILEGES"
	case *AlterFunction:
		return "ALTER " + string(s.Kind)
	}
	return "???"
}

// alterRelationTag is the tag of an ALTER on an object whose kind names a part
// of a table in some statements.
func alterRelationTag(kind ObjectKind) string {
	switch kind {
	case ObjectPolicy, ObjectRule, ObjectTrigger, ObjectTableConstraint, ObjectColumn:
		if kind == ObjectPolicy || kind == ObjectRule || kind == ObjectTrigger {
			return "ALTER " + string(kind)
		}
		return "ALTER TABLE"
	}
	return "ALTER " + string(kind)
}
